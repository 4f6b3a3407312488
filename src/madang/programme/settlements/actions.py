"""Settling a project: report, verification, findings, confirmation, return of what is left."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.core.money import MICRO_PER_WON
from madang.metering.models import Voucher, VoucherState
from madang.metering.vouchers.actions import close_voucher
from madang.metering.vouchers.queries import state_at
from madang.parties.actor import Actor, Role
from madang.parties.canonical import digest_of
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.policies.queries import current_policy
from madang.programme.agreements.ending import complete_agreement
from madang.programme.awards.models import Award, AwardState
from madang.programme.awards.queries import locked_award
from madang.programme.cases.models import Ground
from madang.programme.cases.queries import case_for
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import AmountInvalid, ReasonMissing, SettlementNotReady
from madang.programme.reports.models import Report
from madang.programme.reports.queries import measured_of
from madang.programme.settlements.models import (
    Finding,
    ProjectSettlement,
    SettlementState,
)
from madang.programme.settlements.workflow import SETTLEMENT


@transaction.atomic
def open_settlement(actor: Actor, award_id: UUID, *, at: datetime) -> ProjectSettlement:
    """정산 개시, when the voucher has ended. Opening it again changes nothing.

    Raises SettlementNotReady before.
    """
    actor.need(Role.OPERATOR)
    award = locked_award(award_id)
    held = ProjectSettlement.objects.filter(award=award).first()
    if held is not None:
        return held
    voucher = _voucher_of(award)
    if state_at(voucher, at) is not VoucherState.EXPIRED:
        raise SettlementNotReady(reason="the voucher has not ended")
    policy = current_policy("execution", at)
    won = award.amount_microwon // MICRO_PER_WON
    row = ProjectSettlement.objects.create(
        award=award,
        due_at=due_after(at, policy.number("settlement_days"), holidays=holidays_at(at)),
        needs_verification=won >= policy.number("verification_won"),
        needs_audit=won >= policy.number("audit_won"),
        created_at=at,
    )
    record_event(
        actor, "settlement.open", subject_type="settlement", subject_id=row.id, at=at,
        after=row.state, facts={"award": str(award.id)},
    )  # fmt: skip
    _tell(row, "programme.settlement.due", at, due=rfc3339(row.due_at))
    return row


def settlements_due(actor: Actor, *, at: datetime) -> int:
    """Open the settlement of every award whose voucher has ended; how many. Idempotent."""
    rows = Award.objects.filter(
        state=AwardState.ISSUED,
        settlement=None,
        application__isnull=False,
        voucher__state=VoucherState.EXPIRED,
    ).order_by("id")
    for award in rows:
        open_settlement(actor, award.id, at=at)
    return len(rows)


@transaction.atomic
def submit_settlement(actor: Actor, settlement_id: UUID, *, at: datetime) -> ProjectSettlement:
    """정산보고: the figures are the ledger's; the beneficiary says that they are right.

    The result report is accepted by then. Raises SettlementNotReady.
    """
    row = locked_settlement(settlement_id)
    actor.need_at(Role.BENEFICIARY, row.award.organisation_id)
    waiting = Report.objects.filter(award=row.award, kind="result").exclude(state="accepted")
    if waiting.exists():
        raise SettlementNotReady(reason="the result report is not accepted")
    figures = measured_of(row.award, at)
    SETTLEMENT.move(row, "submit", actor, at=at, facts={"sha256": digest_of(figures)})
    row.figures, row.figures_sha256 = figures, digest_of(figures)
    row.submitted_by = actor.id
    row.save(update_fields=["figures", "figures_sha256", "submitted_by"])
    return row


@transaction.atomic
def attach_audit(
    actor: Actor, settlement_id: UUID, *, audit_sha256: str, at: datetime
) -> ProjectSettlement:
    """감사보고서: by its digest, while the settlement is verified; the latest one counts."""
    actor.need(Role.OPERATOR)
    row = locked_settlement(settlement_id)
    if row.state not in {SettlementState.VERIFYING, SettlementState.FINDINGS}:
        raise TransitionNotAllowed(noun="settlement", transition="audit", state=row.state)
    row.audit_sha256 = audit_sha256
    row.save(update_fields=["audit_sha256"])
    record_event(
        actor, "settlement.audit", subject_type="settlement", subject_id=row.id, at=at,
        facts={"audit_sha256": audit_sha256},
    )  # fmt: skip
    return row


@transaction.atomic
def verify_settlement(
    actor: Actor, settlement_id: UUID, *, verifier: str, audit_sha256: str = "", at: datetime
) -> ProjectSettlement:
    """검증: by an accountant, named by an opaque code; the audit's report by its digest."""
    row = locked_settlement(settlement_id)
    SETTLEMENT.move(row, "verify", actor, at=at, facts={"audit_sha256": audit_sha256})
    row.verifier, row.verified_by, row.audit_sha256 = verifier, actor.id, audit_sha256
    row.save(update_fields=["verifier", "verified_by", "audit_sha256"])
    return row


@transaction.atomic
def record_finding(
    actor: Actor,
    settlement_id: UUID,
    *,
    ground: Ground,
    amount_microwon: int,
    reason: str,
    at: datetime,
) -> Finding:
    """지적: an amount that is not recognised, and why."""
    row = locked_settlement(settlement_id)
    if not reason.strip():
        raise ReasonMissing
    if amount_microwon < 0:
        raise AmountInvalid(field="amount_microwon")
    SETTLEMENT.move(row, "find", actor, at=at, reason=reason)
    return Finding.objects.create(
        settlement=row, ground=ground, amount_microwon=amount_microwon, found_by=actor.id,
        found_at=at,
    )  # fmt: skip


@transaction.atomic
def answer_finding(
    actor: Actor, finding_id: UUID, *, case: UUID | None, reason: str, at: datetime
) -> Finding:
    """조치: a case was opened for it, or it is explained or refunded; somebody says so."""
    actor.need(Role.OPERATOR)
    found = Finding.objects.filter(pk=finding_id).first()
    if found is None:
        raise NotFound
    row = locked_settlement(found.settlement_id)
    finding = Finding.objects.select_for_update().get(pk=finding_id)
    if case is not None:
        opened = case_for(actor, case)
        if opened.award_id != row.award_id:
            raise SettlementNotReady(reason="the case is of another award")
        finding.case = opened
    finding.is_answered = True
    finding.save(update_fields=["case", "is_answered"])
    record_event(
        actor, "finding.answer", subject_type="settlement", subject_id=row.id, at=at,
        reason=reason, facts={"finding": str(finding.id), "case": str(case) if case else None},
    )  # fmt: skip
    return finding


@transaction.atomic
def confirm_settlement(actor: Actor, settlement_id: UUID, *, at: datetime) -> ProjectSettlement:
    """확정. Raises SettlementNotReady, FourEyes."""
    row = locked_settlement(settlement_id)
    SETTLEMENT.move(row, "confirm", actor, at=at)
    row.confirmed_at = at
    row.save(update_fields=["confirmed_at"])
    return row


@transaction.atomic
def return_settlement(
    actor: Actor, settlement_id: UUID, *, is_year_end: bool = False, at: datetime
) -> ProjectSettlement:
    """반납: the voucher is closed (P16, P15, P17) and the agreement completed.

    Raises what close_voucher raises while something of it is open.
    """
    row = locked_settlement(settlement_id)
    SETTLEMENT.move(row, "return", actor, at=at)
    voucher = _voucher_of(row.award)
    if voucher.state != VoucherState.CLOSED:
        close_voucher(actor, voucher, at=at, is_year_end=is_year_end)
    complete_agreement(actor, row.award, at=at)
    _tell(row, "programme.settlement.returned", at)
    return row


def locked_settlement(settlement_id: UUID) -> ProjectSettlement:
    found = ProjectSettlement.objects.filter(pk=settlement_id)
    award_id = found.values_list("award_id", flat=True).first()
    if award_id is None:
        raise NotFound
    award = locked_award(award_id)
    row = ProjectSettlement.objects.select_for_update().get(pk=settlement_id)
    row.award = award
    return row


def _voucher_of(award: Award) -> Voucher:
    if award.voucher is None:
        raise SettlementNotReady(reason="the award has no voucher")
    return award.voucher


def _tell(row: ProjectSettlement, kind: str, at: datetime, **facts: str) -> None:
    send_notice(
        members_of(row.award.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="settlement",
        subject_id=row.id,
        at=at,
        facts={"call": row.award.call.code, **facts},
    )
