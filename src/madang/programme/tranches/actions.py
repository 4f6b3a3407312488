"""Releasing the next part against progress, and giving back what will not be released."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.rounding import deposit_required
from madang.metering.models import Voucher, VoucherState
from madang.metering.vouchers.actions import issue_voucher
from madang.metering.vouchers.queries import state_at, terms_of
from madang.parties.actor import Actor, Role
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.policies.queries import current_policy
from madang.parties.sanctions.queries import need_not_sanctioned
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.errors import TrancheNotReady, VoucherMissing
from madang.programme.money import balance_microwon, stamp
from madang.programme.reports.models import Report, ReportState
from madang.programme.tranches.models import Tranche, TrancheState
from madang.programme.tranches.workflow import TRANCHE

PERCENT = 100


@transaction.atomic
def release_tranche(actor: Actor, award_id: UUID, *, at: datetime) -> Tranche:
    """P6 for the next part: its deposit in, enough spent, the mid-term report accepted.

    Raises TrancheNotReady with the first reason, DepositShort, Sanctioned.
    """
    actor.need(Role.OPERATOR)
    award = locked_award(award_id)
    if award.voucher is None:
        raise VoucherMissing
    need_not_sanctioned(award.organisation_id, at)
    row = (
        award.tranches.select_for_update()
        .filter(state=TrancheState.PLANNED)
        .order_by("number")
        .first()
    )
    if row is None:
        raise TrancheNotReady(reason="none is planned")
    _need_progress(award, award.voucher, at)
    TRANCHE.move(row, "release", actor, at=at)
    row.released_at = at
    row.save(update_fields=["released_at"])
    issue_voucher(
        actor,
        award.voucher,
        award=award.id,
        amount_microwon=row.amount_microwon,
        deposit_required_microwon=_deposit(award, award.voucher, row, at),
        at=at,
        tranche=row.number,
    )
    send_notice(
        members_of(award.organisation_id, Role.BENEFICIARY),
        "programme.tranche.released",
        subject_type="award",
        subject_id=award.id,
        at=at,
        facts={"voucher": award.voucher.code, "number": row.number},
    )
    return row


def mark_first_released(actor: Actor, award: Award, *, at: datetime) -> None:
    """The first part was issued with the voucher. The award's lock is held."""
    for row in award.tranches.select_for_update().filter(number=1, state=TrancheState.PLANNED):
        TRANCHE.move(row, "release", actor, at=at)
        row.released_at = at
        row.save(update_fields=["released_at"])


def _deposit(award: Award, voucher: Voucher, row: Tranche, at: datetime) -> int:
    if award.call.terms.get("deposit_required") == "none":
        return 0
    return deposit_required(terms_of(voucher, at), row.amount_microwon)


def _need_progress(award: Award, voucher: Voucher, at: datetime) -> None:
    if state_at(voucher, at) is not VoucherState.ACTIVE:
        raise TrancheNotReady(reason="the voucher is not active")
    mid = Report.objects.filter(award=award, kind="mid").first()
    if mid is not None and mid.state != ReportState.ACCEPTED:
        raise TrancheNotReady(reason="the mid-term report is not accepted")
    position = ledger.position(terms_of(voucher, at))
    wanted = current_policy("execution", at).number("tranche_progress_percent")
    if position.consumed * PERCENT < position.limit * wanted:
        raise TrancheNotReady(reason=f"less than {wanted} % is spent")


def give_back_unreleased(actor: Actor, award: Award, *, at: datetime, what: str) -> int:
    """P4r: parts that are not released return to the call. The award's lock is held."""
    rows = list(award.tranches.select_for_update().filter(state=TrancheState.PLANNED))
    for row in rows:
        TRANCHE.move(row, "cancel", actor, at=at)
    left = balance_microwon("B310", award=award.id)
    if left:
        postings.lapse_award(
            stamp(actor, "award", award.id, what, at=at),
            programme_year=award.call.programme_year_id,
            call=award.call_id,
            award=award.id,
            amount=left,
        )
    return left


def cut_unreleased(actor: Actor, award: Award, amount_microwon: int, *, at: datetime) -> None:
    """Take an amount from the parts that are not released, the last first. Lock held."""
    left = amount_microwon
    rows = award.tranches.select_for_update().filter(state=TrancheState.PLANNED)
    for row in rows.order_by("-number"):
        take = min(left, row.amount_microwon)
        if take == row.amount_microwon:
            TRANCHE.move(row, "cancel", actor, at=at)
        elif take:
            row.amount_microwon -= take
            row.save(update_fields=["amount_microwon"])
        left -= take
    assert left == 0, "the amendment was checked against what is not released"
