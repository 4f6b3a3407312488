"""Eligibility checks 자격검토: the machine finds, a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.programme.applications.actions import locked_application
from madang.programme.applications.findings import keep_findings, newest_findings
from madang.programme.applications.lane import settle_small
from madang.programme.applications.models import (
    Application,
    EligibilityCheck,
    EligibilityFindings,
)
from madang.programme.applications.notices import tell_applicant
from madang.programme.applications.workflow import APPLICATION, need_distance
from madang.programme.calls.actions import locked_call
from madang.programme.errors import ReasonMissing


@transaction.atomic
def find_again(actor: Actor, application_id: UUID, *, at: datetime) -> EligibilityFindings:
    """자동검토 once more: facts were registered since. Decides nothing."""
    actor.need(Role.OPERATOR)
    return keep_findings(actor, locked_application(application_id), at=at)


@transaction.atomic
def check_eligibility(
    actor: Actor,
    application_id: UUID,
    *,
    is_eligible: bool,
    findings: Sequence[str] = (),
    reason: str = "",
    at: datetime,
) -> Application:
    """적격 or 부적격. Whoever is turned away learns the findings; so these are needed then.

    Where no findings are given, those of the rules are told. Deciding against the rules needs
    a reason. A small request that is found eligible goes its fast lane.
    """
    call = Application.objects.filter(pk=application_id).values_list("call", flat=True).first()
    if call is None:
        raise NotFound
    locked_call(call)
    row = locked_application(application_id)
    actor.need(Role.OPERATOR)
    need_distance(row, actor, at)
    named = sorted(findings) or ([] if is_eligible else _rules_unmet(row))
    if not is_eligible and not named and not reason.strip():
        raise ReasonMissing
    if is_eligible and _rules_broken(row) and not reason.strip():
        raise ReasonMissing
    move = "find_eligible" if is_eligible else "find_ineligible"
    APPLICATION.move(row, move, actor, at=at, reason=reason)
    EligibilityCheck.objects.create(
        application=row,
        is_eligible=is_eligible,
        findings=named,
        checked_by=actor.id,
        at=at,
    )
    if is_eligible:
        settle_small(actor, row, at=at)
    else:
        unmet = ", ".join(named) or "–"
        tell_applicant(row, "programme.application.ineligible", at, findings=unmet)
    return row


def _rules_unmet(row: Application) -> list[str]:
    return sorted(one["code"] for one in newest_findings(row) if one["outcome"] != "met")


def _rules_broken(row: Application) -> bool:
    """A rule is known not to be met; what is only unknown a person may know."""
    return any(one["outcome"] == "not_met" for one in newest_findings(row))
