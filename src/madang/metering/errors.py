"""What metering refuses, one class per reason. Sentences are in sentences.toml.

Refused
├── BalanceInsufficient, NotCovered, VoucherSuspended, VoucherExpired, VoucherNotActive,
│   VoucherNotCloseable, DepositShort, VoucherExists
├── PriceExists, PriceNoticeShort, PriceKindsOverlap, PriceNone, UnitNotSold, UnitUnclear,
│   OfferingSuspended, UpstreamNotAllowed, UpstreamKeyNotAllowed, PrivateByDeclarationOnly
├── UsageExists…, UsageInFuture, UsageBeforeVoucher, QuantityOutOfRange, QuantityUnclear
├── QuotaInsufficient
├── ReceiptExists…, ReceiptNotParked, ReceiptInFuture
├── RefundTooLarge, RefundExists, RefundCollected, RefundWrittenOff, RefundOfClosedYear,
│   SetOffFirst, ReasonEmpty, CollectionTooLarge, CollectionExists, CollectionUnnamed,
│   OffsetRoomShort
├── MonthNotBegun, MonthMalformed, PayoutOpen, PayoutOnHold, HoldUnclear,
│   AccountUnverified,
│   AccountMalformed, NothingOwed, InvoiceNumberTaken
├── TeamLimitReached, KeyOfAnother, SupplierGone, DisputeTooLarge
├── SecretOnlyInTest, KeyExists
└── CallNotUnsettled
Unwell
└── JournalDamaged, TillUnwell
"""

from __future__ import annotations

from madang.core.errors import Conflict, Malformed, NotAllowed, Refused, Unwell


class BalanceInsufficient(Refused):
    """`spendable_microwon`, `held_microwon` and `needed_microwon` say how far it reaches."""

    code = "voucher.balance.insufficient"
    http_status = 402


class QuotaInsufficient(Refused):
    """`needed` and `available` are in the grant's `unit`."""

    code = "metering.quota.insufficient"
    in_words = Refused.in_words | {"unit"}
    http_status = 402


class NotCovered(NotAllowed):
    code = "voucher.offering.not_covered"


class VoucherSuspended(NotAllowed):
    code = "voucher.state.suspended"


class VoucherExpired(NotAllowed):
    code = "voucher.state.expired"


class VoucherNotActive(NotAllowed):
    """Pending, closed or cancelled: `state` says which."""

    code = "voucher.state.not_active"
    in_words = NotAllowed.in_words | {"state"}


class VoucherExists(Conflict):
    """The code belongs to a voucher with other terms: `field` says which differ first."""

    code = "voucher.code.exists_with_different_terms"


class VoucherNotCloseable(Conflict):
    """Something is still open: `reason` is holds, calls or statement."""

    code = "voucher.close.not_ready"


class DepositShort(Refused):
    code = "voucher.deposit.insufficient"


class PriceExists(Conflict):
    code = "offering.price.exists_with_different_amount"


class PriceNoticeShort(Refused):
    """`earliest` is the first instant from which a new price may hold."""

    code = "offering.price.notice_too_short"


class PriceKindsOverlap(Refused):
    """Two versions of one unit name some of the same kinds, but not all."""

    code = "offering.price.kinds_overlap"


class PriceNone(Refused):
    code = "offering.price.none_valid"


class UnitNotSold(Refused):
    code = "offering.unit.not_sold"


class UnitUnclear(Malformed):
    """A bare quantity, for an offering that sells several units."""

    code = "offering.unit.unclear"


class OfferingSuspended(NotAllowed):
    code = "offering.state.suspended"


class UpstreamNotAllowed(Refused):
    """`reason`: scheme, address, credentials or missing."""

    code = "offering.upstream.not_allowed"


class UpstreamKeyNotAllowed(Refused):
    code = "offering.upstream_key.not_allowed"


class PrivateByDeclarationOnly(NotAllowed):
    code = "offering.upstream.private_by_declaration_only"


class UsageExists(Conflict):
    """The id was used before, for something else. Base of one class per difference."""

    code = "usage.id.exists_with_different_content"


class UsageExistsVoucher(UsageExists):
    code = "usage.id.exists_with_different_voucher"


class UsageExistsOffering(UsageExists):
    code = "usage.id.exists_with_different_offering"


class UsageExistsQuantity(UsageExists):
    code = "usage.id.exists_with_different_quantity"


class UsageExistsTime(UsageExists):
    code = "usage.id.exists_with_different_time"


class UsageInFuture(Refused):
    code = "usage.time.in_future"


class UsageBeforeVoucher(Refused):
    """Nothing delivered before the agreement is the programme's to pay."""

    code = "usage.time.before_voucher"


class QuantityOutOfRange(Malformed):
    code = "usage.quantity.out_of_range"


class QuantityUnclear(Malformed):
    """Neither a quantity nor quantities, or both."""

    code = "usage.quantity.unclear"


class HoldUnclear(Malformed):
    """On neither a supplier nor a voucher, or on both."""

    code = "payout_hold.target.unclear"


class ReceiptExists(Conflict):
    """The bank's reference was recorded before with another `field`."""

    code = "deposit.receipt.exists_with_different_content"


class ReceiptInFuture(Refused):
    code = "deposit.receipt.in_future"


class ReceiptNotParked(Conflict):
    code = "deposit.receipt.not_parked"


class RefundTooLarge(Refused):
    """More than is left of the charge: `left_microwon`."""

    code = "charge.refund.too_large"


class RefundExists(Conflict):
    code = "charge.refund.exists_with_different_amount"


class RefundCollected(Conflict):
    code = "charge.refund.collected"


class RefundWrittenOff(Conflict):
    """Two people gave it up. Who wants to collect it all the same takes that back first."""

    code = "charge.refund.written_off"


class RefundOfClosedYear(Conflict):
    """The year's books are shut: neither given up any more, nor claimed again."""

    code = "charge.refund.year_closed"


class SetOffFirst(Refused):
    """The programme still owes the supplier `available_microwon` of the same fund."""

    code = "charge.write_off.set_off_first"


class ReasonEmpty(Malformed):
    code = "charge.write_off.reason_empty"


class CollectionTooLarge(Refused):
    """Not a positive amount of whole won within what is left: `left_microwon`."""

    code = "charge.collection.too_large"


class CollectionUnnamed(Malformed):
    """An instalment without an id of its own."""

    code = "charge.collection.unnamed"


class CollectionExists(Conflict):
    """The id was used before for another `field`."""

    code = "charge.collection.exists_with_different_content"


class OffsetRoomShort(Refused):
    """The unpaid statements of the same fund owe less: `available_microwon`."""

    code = "charge.offset.room_short"


class PayoutOnHold(Refused):
    """The supplier or one of the vouchers is under a payout hold."""

    code = "payout.hold.open"
    in_words = Refused.in_words | {"kind"}


class AccountUnverified(Refused):
    """Nobody verified a bank account of the supplier."""

    code = "payout.account.unverified"


class AccountMalformed(Malformed):
    code = "payout.account.malformed"


class NothingOwed(Conflict):
    code = "deposit.return.nothing_owed"


class InvoiceNumberTaken(Conflict):
    code = "invoice.number.taken"


class TeamLimitReached(Refused):
    """`left_microwon` is what the team can still spend."""

    code = "voucher.team.limit_reached"
    http_status = 402


class KeyOfAnother(Conflict):
    code = "key.team.of_another_voucher"


class SupplierGone(Conflict):
    """The supplier has withdrawn or is bankrupt: `kind`."""

    code = "supplier.exit.open"
    in_words = Conflict.in_words | {"kind"}


class DisputeTooLarge(Refused):
    """Beyond what is noted and not proposed yet: `noted_microwon`."""

    code = "dispute.amount.too_large"


class ReceiptVoucherMissing(Refused):
    """A receipt without a voucher is matched by naming one."""

    code = "deposit.receipt.voucher_missing"


class MonthMalformed(Malformed):
    code = "statement.month.malformed"


class MonthNotBegun(Refused):
    code = "statement.month.not_begun"


class PayoutOpen(Conflict):
    """Every part of the statement has a payout that did not fail."""

    code = "payout.statement.covered"


class SecretOnlyInTest(NotAllowed):
    code = "key.secret.only_in_test"


class KeyExists(Conflict):
    """The secret belongs to another voucher's key."""

    code = "key.secret.exists"


class CallNotUnsettled(Conflict):
    code = "call.settle.not_unsettled"


class JournalDamaged(Unwell):
    """A worker's journal cannot have been left like this by a crash: nothing more is read."""

    code = "till.journal.damaged"


class TillUnwell(Unwell):
    code = "till.socket.unwell"
