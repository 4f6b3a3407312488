"""Sanctions: who may not take part, until when, after which case; lifted by another person."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.sanctions.actions import lift_sanction
from madang.parties.sanctions.queries import sanctions_for, state_of
from madang.portal.acting import act_with_reason, with_reason
from madang.portal.desks import desk_page
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.pages.money.cases import GROUNDS
from madang.portal.request import SignedInRequest, signed_in, takes

READERS = (Role.OPERATOR, Role.AUDITOR, Role.BENEFICIARY, Role.SUPPLIER)
ROWS_MAX = 200


@takes("GET")
@signed_in(*READERS)
def sanctions(request: SignedInRequest) -> HttpResponse:
    """One's own organisations'; all for operators and auditors."""
    named: dict[str, str | Promise] = {str(code): name for code, name in GROUNDS}
    rows = [
        (
            row,
            named.get(row.ground, row.ground),
            state_of(row, request.at).value,
            with_reason(_("Lift"), reverse("lift_sanction", args=[row.id]), row.id),
        )
        for row in sanctions_for(request.actor)[:ROWS_MAX]
    ]
    facts = {"rows": rows, "is_operator": request.actor.has(Role.OPERATOR)}
    return desk_page(request, desk_of(request.actor), "money/sanctions.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def lift(request: SignedInRequest, sanction_id: UUID) -> HttpResponse:
    if not sanctions_for(request.actor).filter(id=sanction_id).exists():
        raise NotFound
    told = _("The sanction is lifted, and its organisation is told.")
    act_with_reason(request, lift_sanction, told, sanction_id)
    return redirect("sanctions")
