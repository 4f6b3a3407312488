"""Asking for reports, handing them in, accepting them. The award's lock is taken first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.canonical import Json, digest_of
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.policies.queries import current_policy
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import AnswerInvalid, ReasonMissing, ReportTooLong
from madang.programme.reports.models import Report, ReportKind, ReportText
from madang.programme.reports.queries import measured_of
from madang.programme.reports.workflow import REPORT

PERCENT = 100


def plan_reports(actor: Actor, award: Award, *, at: datetime) -> None:
    """After the issue: a mid-term report and a result report, on policy's days."""
    voucher = award.voucher
    assert voucher is not None, "reports are about a voucher's use"
    policy = current_policy("execution", at)
    holidays, days = holidays_at(at), policy.number("report_days")
    middle = at + (voucher.expires_at - at) * policy.number("mid_report_percent") // PERCENT
    ask_report(
        actor, award, ReportKind.MID, due_at=due_after(middle, days, holidays=holidays), at=at
    )
    end = due_after(voucher.expires_at, days, holidays=holidays)
    ask_report(actor, award, ReportKind.RESULT, due_at=end, at=at)


def ask_report(
    actor: Actor, award: Award, kind: ReportKind, *, due_at: datetime, at: datetime
) -> Report:
    """One report of each kind; asking again changes nothing. The award's lock is held."""
    row, is_new = Report.objects.get_or_create(
        award=award, kind=kind, defaults={"due_at": due_at}
    )
    if is_new:
        record_event(
            actor, "report.ask", subject_type="report", subject_id=row.id, at=at,
            after=row.state, facts={"kind": row.kind, "due_at": rfc3339(due_at)},
        )  # fmt: skip
        _tell(row, "programme.report.due", at, due=rfc3339(due_at))
    return row


@transaction.atomic
def submit_report(
    actor: Actor, report_id: UUID, *, sections: Mapping[str, str], at: datetime
) -> Report:
    """제출: a few paragraphs; what was measured is filled in by the platform.

    The same words again change nothing. Raises AnswerInvalid, ReportTooLong.
    """
    row = locked_report(report_id)
    actor.need_at(Role.BENEFICIARY, row.award.organisation_id)
    _check(sections, at)
    last = row.texts.order_by("-number").first()
    if row.state == "submitted" and last is not None and last.sections == dict(sections):
        return row
    measured = measured_of(row.award, at)
    content: dict[str, Json] = {"sections": dict(sections), "measured": measured}
    REPORT.move(row, "submit", actor, at=at, facts={"sha256": digest_of(content)})
    row.measured, row.sha256 = measured, digest_of(content)
    row.submitted_by, row.submitted_at = actor.id, at
    row.save(update_fields=["measured", "sha256", "submitted_by", "submitted_at"])
    number = (last.number if last is not None else 0) + 1
    ReportText.objects.create(report=row, number=number, sections=dict(sections), at=at)
    return row


def _check(sections: Mapping[str, str], at: datetime) -> None:
    policy = current_policy("execution", at)
    wanted, most = policy.texts("report_sections"), policy.number("report_words_max")
    for name in sections:
        if name not in wanted:
            raise AnswerInvalid(field=name, reason="not a section of the report")
    for name in wanted:
        words = len(sections.get(name, "").split())
        if not words:
            raise AnswerInvalid(field=name, reason="is missing")
        if words > most:
            raise ReportTooLong(section=name, words=words, words_max=most)


@transaction.atomic
def return_report(actor: Actor, report_id: UUID, *, reason: str, at: datetime) -> Report:
    """보완요청, with a reason."""
    row = locked_report(report_id)
    if not reason.strip():
        raise ReasonMissing
    REPORT.move(row, "return", actor, at=at, reason=reason)
    _tell(row, "programme.report.returned", at)
    return row


@transaction.atomic
def accept_report(actor: Actor, report_id: UUID, *, at: datetime) -> Report:
    row = locked_report(report_id)
    REPORT.move(row, "accept", actor, at=at)
    _tell(row, "programme.report.accepted", at)
    return row


def locked_report(report_id: UUID) -> Report:
    found = Report.objects.filter(pk=report_id).values_list("award_id", flat=True).first()
    if found is None:
        raise NotFound
    award = locked_award(found)
    row = Report.objects.select_for_update().get(pk=report_id)
    row.award = award
    return row


def _tell(row: Report, kind: str, at: datetime, **facts: str) -> None:
    send_notice(
        members_of(row.award.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="report",
        subject_id=row.id,
        at=at,
        facts={"call": row.award.call.code, **facts},
    )
