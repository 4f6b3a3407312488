"""Telling the applicant's people about their application."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Role
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.programme.applications.models import Application


def tell_applicant(
    row: Application, kind: str, at: datetime, **facts: str | int | None
) -> None:
    """One notice to each beneficiary of the organisation, with receipt number and call."""
    send_notice(
        members_of(row.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="application",
        subject_id=row.id,
        at=at,
        facts={"receipt_no": row.receipt_no, "call": row.call.code, **facts},
    )
