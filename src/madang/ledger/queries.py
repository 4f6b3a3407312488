"""Everything that can be asked of the ledger; access is the caller's concern."""

from madang.ledger.accounts.queries import (
    AccountLine,
    BookTotal,
    TrialBalance,
    accrued,
    accrued_programme_borne,
    balance_of,
    payable,
    trial_balance,
)
from madang.ledger.journals.queries import EntryView, JournalView, journal, journals
from madang.ledger.vouchers.queries import (
    position,
    positions,
    safe_lease,
    spendable_supply,
)

__all__ = [
    "AccountLine",
    "BookTotal",
    "EntryView",
    "JournalView",
    "TrialBalance",
    "accrued",
    "accrued_programme_borne",
    "balance_of",
    "journal",
    "journals",
    "payable",
    "position",
    "positions",
    "safe_lease",
    "spendable_supply",
    "trial_balance",
]
