"""Eligibility checks 자격검토: a person decides, with codes for what was not met."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.parties.actor import Actor
from madang.programme.applications.actions import locked_application
from madang.programme.applications.models import Application, EligibilityCheck
from madang.programme.applications.notices import tell_applicant
from madang.programme.applications.workflow import APPLICATION
from madang.programme.errors import ReasonMissing


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
    """적격 or 부적격. Whoever is turned away learns the findings; so these are needed then."""
    row = locked_application(application_id)
    if not is_eligible and not findings and not reason.strip():
        raise ReasonMissing
    move = "find_eligible" if is_eligible else "find_ineligible"
    APPLICATION.move(row, move, actor, at=at, reason=reason)
    EligibilityCheck.objects.create(
        application=row,
        is_eligible=is_eligible,
        findings=sorted(findings),
        checked_by=actor.id,
        at=at,
    )
    if not is_eligible:
        tell_applicant(
            row, "programme.application.ineligible", at, findings=", ".join(sorted(findings))
        )
    return row
