"""What the ledger refuses, one class per reason. Sentences are in sentences.toml."""

from __future__ import annotations

from madang.core.errors import Conflict, NotFound, Refused, Unwell


class LedgerRefused(Refused):
    """Base of this room's refusals: nothing was written."""

    code = "ledger.posting.refused"


class AmountNotInteger(LedgerRefused):
    code = "ledger.amount.not_integer"
    http_status = 400


class AmountNotPositive(LedgerRefused):
    code = "ledger.amount.not_positive"


class AmountTooLarge(LedgerRefused):
    """One entry carries at most 9.22 trillion won: post a year's budget in pieces."""

    code = "ledger.amount.too_large"


class AmountNotWholeWon(LedgerRefused):
    code = "ledger.amount.not_whole_won"


class StampNotOpaque(LedgerRefused):
    """An id of a stamp could carry a name or free text into the hash chain."""

    code = "ledger.stamp.not_opaque"
    http_status = 400


class ExistsWithDifferent(Conflict):
    """The id was used before, for something else. `field` says what differs first."""

    code = "ledger.journal.exists_with_different_content"


class ExistsWithDifferentKind(ExistsWithDifferent):
    code = "ledger.journal.exists_with_different_kind"


class ExistsWithDifferentAmount(ExistsWithDifferent):
    code = "ledger.journal.exists_with_different_amount"


class ExistsWithDifferentLeg(ExistsWithDifferent):
    """Another voucher, supplier, call, award, case … than the first time."""

    code = "ledger.journal.exists_with_different_leg"


class ExistsWithDifferentHold(ExistsWithDifferent):
    code = "ledger.journal.exists_with_different_hold"


class ExistsWithDifferentSource(ExistsWithDifferent):
    code = "ledger.journal.exists_with_different_source"


class Overdrawn(LedgerRefused):
    """An account would fall below zero: `account`, `needed_microwon`, `available_microwon`."""

    code = "ledger.account.overdrawn"
    http_status = 402


class HoldUnknown(NotFound):
    code = "ledger.hold.unknown"


class HoldExists(Conflict):
    """A hold of this id was taken under another stamp."""

    code = "ledger.hold.exists"


class HoldOfAnother(Conflict):
    """The hold belongs to another voucher, supplier or grant."""

    code = "ledger.hold.of_another"


class HoldResolved(Conflict):
    code = "ledger.hold.resolved"
    in_words = Conflict.in_words | {"resolution"}


class HoldExceeded(LedgerRefused):
    """More than the lease still holds."""

    code = "ledger.hold.exceeded"


class HoldInactive(LedgerRefused):
    """The voucher or grant is not active: no new hold."""

    code = "ledger.hold.inactive"


class HoldOpen(Conflict):
    """Something is still held where everything must be resolved."""

    code = "ledger.hold.open"


class VoucherExpired(Conflict):
    code = "ledger.voucher.expired"


class VoucherActive(Conflict):
    """This is for a voucher that has ended: post its expiry first."""

    code = "ledger.voucher.active"


class TermsChanged(Conflict):
    """Ratio, VAT rate, programme-year or programme are not those of the voucher's issue."""

    code = "ledger.terms.changed"


class DepositInsufficient(LedgerRefused):
    code = "ledger.deposit.insufficient"


class RefundExceeded(LedgerRefused):
    """More than was captured since the last statement, or settled and not yet returned."""

    code = "ledger.refund.exceeded"


class ClawbackExceeded(LedgerRefused):
    """More than was settled and not yet returned."""

    code = "ledger.clawback.exceeded"


class StatementDue(Conflict):
    """Whole won are still accrued: make the last statement first."""

    code = "ledger.statement.due"


class YearClosed(LedgerRefused):
    """The chain's year is closed: a correction is booked in the open year."""

    code = "ledger.year.closed"


class JournalUnknown(NotFound):
    code = "ledger.journal.unknown"


class CorrectedAlready(Conflict):
    code = "ledger.correction.done_already"


class CorrectionNotPossible(LedgerRefused):
    """The kind has a reverse of its own (release, refund, lapse …), or is a correction."""

    code = "ledger.correction.not_possible"


class Busy(Unwell):
    """Two postings waited for each other and the database chose this one: try again."""

    code = "ledger.posting.busy"
