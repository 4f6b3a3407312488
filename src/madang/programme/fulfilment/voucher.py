"""Awards that become vouchers: through metering, which alone issues them."""

from __future__ import annotations

from datetime import datetime

from madang.core.clock import seoul_day_ends
from madang.ledger.rounding import deposit_required
from madang.ledger.types import Terms
from madang.metering.vouchers.actions import (
    VoucherTerms,
    cancel_voucher,
    create_voucher,
    issue_voucher,
)
from madang.parties.actor import Actor
from madang.programme.agreements.ratios import ratio_of
from madang.programme.awards.models import Award
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.copayments.workflow import COPAYMENT
from madang.programme.errors import VoucherMissing
from madang.programme.reports.actions import plan_reports
from madang.programme.tranches.actions import mark_first_released
from madang.programme.tranches.planning import first_part_microwon, plan_tranches


class VoucherFulfilment:
    """The port of kind `voucher`."""

    def deposit_required_microwon(self, award: Award) -> int:
        """Own part and VAT of the first part of the award, unless the terms ask for none."""
        call = award.call
        if call.terms["deposit_required"] == "none":
            return 0
        year = call.programme_year
        terms = Terms(
            voucher=award.id,  # rounding looks at the ratios alone
            programme_year=year.id,
            programme=year.programme_id,
            ratio=ratio_of(award),
            vat=year.vat,
        )
        return deposit_required(terms, first_part_microwon(award))

    def prepare(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """A pending voucher: deposits are paid into it; the award is cut into its parts.

        Where nothing is to be deposited the obligation is met, so that nothing lapses.
        """
        call, year = award.call, award.call.programme_year
        assert award.application is not None, "a direct grant makes its own voucher"
        award.voucher = create_voucher(
            actor,
            VoucherTerms(
                code=f"v-{award.application.receipt_no}",
                organisation=award.organisation,
                programme=year.programme_id,
                programme_year=year.id,
                programme_code=year.programme.code,
                ratio=ratio_of(award),
                vat=year.vat,
                expires_at=seoul_day_ends(call.use_ends_on),
                offerings=tuple(call.terms["offerings"]),
                award_id=award.id,
            ),
            at=at,
        )
        award.save(update_fields=["voucher"])
        plan_tranches(award)
        obligation = CoPaymentObligation.objects.select_for_update().get(award=award)
        if not obligation.cash_microwon:
            COPAYMENT.move(obligation, "fund", actor, at=at)

    def deliver(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """P6, guarded by the deposit."""
        if award.voucher is None:
            raise VoucherMissing
        issue_voucher(
            actor,
            award.voucher,
            award=award.id,
            amount_microwon=first_part_microwon(award),
            deposit_required_microwon=self.deposit_required_microwon(award),
            at=at,
        )
        mark_first_released(actor, award, at=at)
        plan_reports(actor, award, at=at)

    def withdraw(self, actor: Actor, award: Award, *, reason: str, at: datetime) -> None:
        """Cancel the pending voucher; its deposit is owed to the beneficiary again."""
        if award.voucher is not None and award.voucher.state == "pending":
            cancel_voucher(actor, award.voucher, at=at, reason=reason)
