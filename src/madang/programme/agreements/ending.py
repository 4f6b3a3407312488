"""How an agreement ends: by its settlement, or terminated before. The award's lock first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.metering.models import VoucherState
from madang.metering.vouchers.actions import cancel_voucher, end_voucher
from madang.metering.vouchers.queries import state_at
from madang.parties.actor import Actor, Role
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.programme.agreements.models import Agreement
from madang.programme.agreements.workflow import AGREEMENT
from madang.programme.awards.models import Award, AwardState
from madang.programme.awards.queries import locked_award
from madang.programme.awards.workflow import AWARD
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.copayments.workflow import COPAYMENT
from madang.programme.errors import ReasonMissing
from madang.programme.milestones.ending import cancel_open_steps
from madang.programme.tranches.actions import give_back_unreleased

LIVING = frozenset({VoucherState.ACTIVE, VoucherState.SUSPENDED})


@transaction.atomic
def terminate_agreement(
    actor: Actor, agreement_id: UUID, *, reason: str, at: datetime
) -> Agreement:
    """해약: use ends now, unreleased parts return to the call; what was used is settled.

    Open leases end and are charged; the settlement returns the rest. Steps that are not
    accepted are cancelled; raises ClaimsWait while a claim for reimbursement is not decided.
    """
    found = Agreement.objects.filter(pk=agreement_id).values_list("award_id", flat=True).first()
    if found is None:
        raise NotFound
    actor.need(Role.OPERATOR)
    award = locked_award(found)
    row = Agreement.objects.select_for_update().get(pk=agreement_id)
    if not reason.strip():
        raise ReasonMissing
    AGREEMENT.move(row, "terminate", actor, at=at, reason=reason)
    _end_use(actor, award, reason=reason, at=at)
    cancel_open_steps(actor, award, reason=reason, at=at)
    give_back_unreleased(actor, award, at=at, what="terminate")
    if award.state == AwardState.AGREED:
        AWARD.move(award, "lapse", actor, at=at, reason=reason)
        obligation = CoPaymentObligation.objects.select_for_update().filter(award=award).first()
        if obligation is not None:
            COPAYMENT.move(obligation, "void", actor, at=at)
    _tell(award, "programme.agreement.terminated", row.id, at)
    return row


def _end_use(actor: Actor, award: Award, *, reason: str, at: datetime) -> None:
    voucher = award.voucher
    if voucher is None:
        return
    state = state_at(voucher, at)
    if state is VoucherState.PENDING:
        cancel_voucher(actor, voucher, at=at, reason=reason)
    elif state in LIVING:
        end_voucher(actor, voucher, at=at, reason=reason)


def complete_agreement(actor: Actor, award: Award, *, at: datetime) -> None:
    """완료: its settlement is done. A direct grant has none; a terminated one stays so."""
    row = Agreement.objects.select_for_update().filter(award=award).first()
    if row is None or row.state == "terminated":
        return
    AGREEMENT.move(row, "complete", actor, at=at)
    _tell(award, "programme.agreement.completed", row.id, at)


def _tell(award: Award, kind: str, subject: UUID, at: datetime) -> None:
    send_notice(
        members_of(award.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="agreement",
        subject_id=subject,
        at=at,
        facts={"call": award.call.code},
    )
