"""A data set's page: versions, files, quality, rights, uses; and the form to apply for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice, pairwise

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.core.errors import MadangError
from madang.datahub.access.actions import DAYS_MAX, apply_for_access
from madang.datahub.access.models import AccessRequest
from madang.datahub.access.queries import access_requests_for
from madang.datahub.catalogue.changes import Changes, changes_between
from madang.datahub.catalogue.croissant import for_page
from madang.datahub.catalogue.facts import Described, described
from madang.datahub.commits.models import Commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.hub.gate import bytes_are_open, served_commit, shown_to_everybody
from madang.datahub.quality.queries import checks_of
from madang.datahub.sets.actions import may_write
from madang.datahub.sets.models import Access, DataSet
from madang.datahub.sets.queries import data_set_for
from madang.datahub.uses.queries import uses_by_kind, uses_of
from madang.datahub.versions.models import Version
from madang.datahub.versions.queries import versions_of
from madang.parties.canonical import Json
from madang.portal.acting import taken
from madang.portal.labels import KIND_NAMES as KINDS_OF_USERS
from madang.portal.pages.data.columns import Columns, columns_of, shortened
from madang.portal.pages.data.files import offered
from madang.portal.pages.data.pictures import Panel, bars_panel
from madang.portal.pages.data.previews import preview_of
from madang.portal.pages.data.readme import readme_html
from madang.portal.pages.data.reports import lines_of, panels_of
from madang.portal.pages.data.roadmap import FIELD_NAMES
from madang.portal.pages.data.rows import by_use, tables_of
from madang.portal.pages.data.using import prices_of, snippets_of
from madang.portal.request import PageRequest, SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken

FILES_SHOWN, CARD_BYTES_MAX = 100, 256 * 1024
TABLES_SHOWN, CHANGES_SHOWN = 3, 5
KIND_NAMES: dict[str, str | Promise] = {
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("yes or no"),
    "date": _("date"),
    "moment": _("date and time"),
    "text": _("text"),
    "bytes": _("bytes"),
    "nested": _("nested"),
}
CARD = "rights-card.json"


class ApplyForm(forms.Form):
    """What a person says who wants to use a gated set."""

    purpose = forms.CharField(
        label=_("Purpose of use"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    days = forms.IntegerField(
        label=_("Term in days"), min_value=1, max_value=DAYS_MAX, initial=365
    )


@takes("GET")
def data_set_page(request: PageRequest, code: str) -> HttpResponse:
    return _page(request, data_set_for(request.actor, code), ApplyForm())


@takes("POST")
@signed_in()
def apply(request: SignedInRequest, code: str) -> HttpResponse:
    row = data_set_for(request.actor, code)
    form = taken(ApplyForm(request.POST))
    apply_for_access(
        request.actor,
        request.person,
        row,
        purpose=form.cleaned_data["purpose"],
        days=form.cleaned_data["days"],
        at=request.at,
    )
    messages.success(request, gettext("Your application was handed in. A notice tells you."))
    return redirect("data_set", code=code)


@takes("GET")
def to_page(request: PageRequest, code: str) -> HttpResponse:
    """The address that clients print leads to the page, whether there is one or not."""
    return redirect("data_set", code=code)


def _page(
    request: PageRequest, row: DataSet, form: ApplyForm, *, status: int = 200
) -> HttpResponse:
    head = _head(request, row)
    files = list(islice(tree_of(head).walk(), FILES_SHOWN)) if head else []
    check = checks_of(row).filter(commit=head).exclude(state="rechecked").first()
    one = described(row, head, at=request.at) if head else None
    versions = list(versions_of(row))
    mine = _mine(request, row)
    may_take = head is not None and bytes_are_open(request, row)
    tables = tables_of(head) if head and may_take else []
    older = [] if head else offered(row)
    is_given = row.access != Access.OPEN and bool(head or older)
    facts = {
        "about": one,
        "json_ld": mark_safe(_script_text(for_page(one))) if one else "",  # noqa: S308  escaped
        "preview": preview_of(request, row, head) if head else None,
        "columns": _columns(one) if one and may_take else [],
        "readme": readme_html(one.card.text) if one else "",
        "snippets": snippets_of(row, has_tables=bool(tables)) if head else [],
        "prices": prices_of(row, request.at),
        "may_take": may_take,
        "for_programs": _is_everybodys(row),
        "is_writer": may_write(request.actor, row),
        "has_rows": bool(tables) and row.offering_id is None,
        "served": _served(versions, head),
        "gone": _newest_gone(versions),
        "older": older,
        "changes": _changes(versions),
        "kind_names": KIND_NAMES,
        "data_set": row,
        "field_name": FIELD_NAMES[row.field],
        "versions": versions,
        "head": head,
        "files": files,
        "check": check,
        "lines": lines_of(check) if check else [],
        "panels": panels_of(check) if check else [],
        "card": _card(head) if head else None,
        "uses": uses_of(row),
        "by_kind": _by_kind(row),
        "form": form if is_given and not _stands(request, mine) else None,
        "mine": mine,
        "results_here": row.access == Access.SECURE,
    }
    return render(request, "data/set.html", facts, status=status)


def _is_everybodys(row: DataSet) -> bool:
    """Whether the addresses for programs answer whoever follows them without a token."""
    return not row.is_private and shown_to_everybody(row, commit_at(row, "main")) is not None


def _script_text(document: dict[str, Json]) -> str:
    """JSON that may stand inside a script element: no tag can begin in it."""
    text = json.dumps(document, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _columns(one: Described) -> list[Columns]:
    """The described tables, what one trains with first."""
    told = one.facts.get("tables", [])
    assert isinstance(told, list)
    return columns_of(sorted(told, key=lambda table: by_use(table["path"]))[:TABLES_SHOWN])


def _by_kind(row: DataSet) -> list[Panel]:
    """Who uses it, where somebody who is known did."""
    names = {"individual": _("individual"), "": _("not signed in"), **KINDS_OF_USERS}
    rows: list[tuple[str | Promise, list[tuple[str, int]]]] = [
        (shortened(str(names.get(kind, kind))), [("delivered", n)])
        for kind, n in uses_by_kind(row).items()
    ]
    scale = max((bars[0][1] for _name, bars in rows), default=1)
    return [bars_panel(_("Uses by kind of user"), rows, scale)] if rows else []


def _served(versions: Sequence[Version], head: Commit | None) -> Version | None:
    """The version that is shown; None for a draft."""
    return next((one for one in versions if head and one.commit_id == head.pk), None)


def _newest_gone(versions: Sequence[Version]) -> Version | None:
    """The newest version, where it was taken back: nothing is given under main then, until
    a mended one is opened or at least lies there."""
    newest = versions[0] if versions else None
    return newest if newest is not None and newest.state == "recalled" else None


def _stands(request: PageRequest, mine: AccessRequest | None) -> bool:
    """An application that waits, or whose term runs; a person applies again after others."""
    if mine is None or mine.state in {"requested", "screening"}:
        return mine is not None
    return mine.state == "approved" and mine.ends_at is not None and mine.ends_at > request.at


def _changes(versions: Sequence[Version]) -> list[tuple[Version, Version, Changes]]:
    """Each version against the one before it; what was taken back is not compared."""
    kept = [one for one in versions if one.state != "recalled"][: CHANGES_SHOWN + 1]
    return [
        (before, after, changes_between(before.commit, after.commit))
        for after, before in pairwise(kept)
    ]


def _head(request: PageRequest, row: DataSet) -> Commit | None:
    """What this reader would get; None when all of it was taken back. The page stays."""
    try:
        return served_commit(request.actor, row, commit_at(row, "main"), "main")
    except MadangError:
        return None


def _mine(request: PageRequest, row: DataSet) -> AccessRequest | None:
    if request.person is None:
        return None
    rows = access_requests_for(request.actor).filter(data_set=row, person=request.person)
    return rows.first()


def _card(head: Commit) -> dict[str, object] | None:
    """The rights room's card as it lies in the set: plain JSON, shown and never judged here."""
    entry = tree_of(head).find(CARD)
    if entry is None or entry.size > CARD_BYTES_MAX:
        return None
    try:
        found = json.loads(b"".join(read_content(Content.objects.get(pk=entry.sha256))))
    except ValueError:
        return None
    return _shown(found) if isinstance(found, dict) else None


def _shown(card: dict[str, object]) -> dict[str, object]:
    """Its view in the reader's language; a card of another making shows its plain values."""
    views = card.get("view")
    view = views.get(spoken()) if isinstance(views, dict) else None
    if isinstance(view, dict):
        return view
    plain = [[key, value] for key, value in card.items() if not isinstance(value, dict | list)]
    return {"facts": plain}
