"""Reading forms. A form that a call uses is public with the call; here it is the operators'."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.parties.actor import Actor, Role
from madang.programme.errors import FormUnknown
from madang.programme.forms.models import FormVersion


def forms_for(actor: Actor) -> QuerySet[FormVersion]:
    """The newest version of every form."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    newest = FormVersion.objects.order_by("form__code", "-number").distinct("form__code")
    return newest.select_related("form")


def form_version(code: str, number: int | None = None) -> FormVersion:
    """A version of a form, the newest where no number is given. Raises FormUnknown."""
    rows = FormVersion.objects.select_related("form").filter(form__code=code)
    if number is not None:
        rows = rows.filter(number=number)
    row = rows.order_by("-number").first()
    if row is None:
        raise FormUnknown(form=code)
    return row


def versions_of(actor: Actor, code: str) -> QuerySet[FormVersion]:
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return FormVersion.objects.select_related("form").filter(form__code=code).order_by("number")
