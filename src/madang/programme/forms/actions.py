"""Building forms: every save that changes something is a new version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.canonical import Json, digest_of
from madang.parties.events.actions import record_event
from madang.programme.calls.forms import form_from
from madang.programme.errors import DraftStale, FormInvalid
from madang.programme.forms.models import Form, FormVersion

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@transaction.atomic
def save_form(
    actor: Actor,
    code: str,
    fields: Sequence[Json],
    *,
    number: int | None = None,
    at: datetime,
) -> FormVersion:
    """The next version of a form, or the newest when nothing differs.

    Given the number of the version that was read, a later one is not overwritten.
    """
    actor.need(Role.OPERATOR)
    if CODE.fullmatch(code) is None:
        raise FormInvalid(field="code", reason="lower-case letters, digits, hyphens")
    form_from(fields)
    form, _ = Form.objects.get_or_create(code=code, defaults={"created_at": at})
    form = Form.objects.select_for_update().get(pk=form.pk)
    newest = form.versions.order_by("-number").first()
    if number is not None and newest is not None and number != newest.number:
        raise DraftStale(revision=newest.number)
    return keep_version(actor, form, fields, at=at)


def keep_version(
    actor: Actor, form: Form, fields: Sequence[Json], *, at: datetime
) -> FormVersion:
    """Under the form's lock: the newest version with these questions, else a new one."""
    sha256 = digest_of(list(fields))
    newest = form.versions.order_by("-number").first()
    if newest is not None and newest.sha256 == sha256:
        return newest
    row = FormVersion.objects.create(
        form=form,
        number=newest.number + 1 if newest else 1,
        fields=list(fields),
        sha256=sha256,
        created_by=actor.id,
        created_at=at,
    )
    record_event(
        actor,
        "form.version",
        subject_type="form",
        subject_id=form.id,
        at=at,
        facts={"code": form.code, "number": row.number, "sha256": sha256},
    )
    return row
