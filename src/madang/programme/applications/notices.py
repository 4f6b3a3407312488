"""Telling the applicant's people about their application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from madang.parties.actor import Role
from madang.parties.notices.actions import Message, send_notice, send_notices
from madang.parties.people.queries import members_by_organisation, members_of
from madang.programme.applications.models import Application


def tell_applicants(rows: Sequence[Application], kind: str, at: datetime) -> None:
    """The same to many applicants at once."""
    people = members_by_organisation({row.organisation_id for row in rows}, Role.BENEFICIARY)
    messages = [
        Message(person, row.id, {"receipt_no": row.receipt_no, "call": row.call.code})
        for row in rows
        for person in people[row.organisation_id]
    ]
    send_notices(messages, kind, subject_type="application", at=at)


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
