"""Notices: what was told to this person. Opening one counts as delivery."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from madang.parties.notices.actions import read_notice
from madang.parties.notices.models import Notice
from madang.parties.notices.queries import notices_for
from madang.parties.notices.texts import notice_text
from madang.portal.navigation import side_menu
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken

PER_PAGE = 20
PLACES = {
    "application": "application",
    "agreement": "agreement",
    "assignment": "assignment",
    "appeal": "appeal",
    "award": "execution",
    "case": "case",
}
STEPS = ("programme.milestone", "programme.claim")
"""Notices of an award that speak of its steps."""


@takes("GET")
@signed_in()
def notices(request: SignedInRequest) -> HttpResponse:
    page = Paginator(notices_for(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(row, notice_text(row.kind, row.facts, spoken()), _place_of(row)) for row in page]
    facts = {
        "page": page,
        "rows": rows,
        "desk_name": _("My account"),
        "side": side_menu("account", request.path, request.actor),
    }
    return render(request, "desk/notices.html", facts)


def _place_of(notice: Notice) -> str:
    """Where what the notice speaks of can be seen; nothing for what has no page."""
    route = PLACES.get(notice.subject_type)
    if route == "execution" and notice.kind.startswith(STEPS):
        route = "milestones"
    return reverse(route, args=[notice.subject_id]) if route else ""


@takes("POST")
@signed_in()
def read(request: SignedInRequest, notice_id: UUID) -> HttpResponse:
    read_notice(request.actor, notice_id, at=request.at)
    return redirect("notices")
