"""Everything that can be asked of the ledger; access is the caller's concern."""

from madang.ledger.accounts.queries import (
    AccountLine,
    BookTotal,
    TrialBalance,
    accrued,
    accrued_programme_borne,
    balance_of,
    balances_of,
    lines_of,
    payable,
    sum_of_vouchers,
    sums_by,
    trial_balance,
)
from madang.ledger.identities import Identity
from madang.ledger.journals.queries import (
    EntryView,
    JournalView,
    journal,
    journal_of,
    journals,
    journals_of,
)
from madang.ledger.seals.actions import Sealed, publish_root, rebuild, seal
from madang.ledger.seals.queries import (
    FirstBad,
    Verification,
    balances_differ,
    identities,
    verify,
)
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
    "FirstBad",
    "Identity",
    "JournalView",
    "Sealed",
    "TrialBalance",
    "Verification",
    "accrued",
    "accrued_programme_borne",
    "balance_of",
    "balances_differ",
    "balances_of",
    "identities",
    "journal",
    "journal_of",
    "journals",
    "journals_of",
    "lines_of",
    "payable",
    "position",
    "positions",
    "publish_root",
    "rebuild",
    "safe_lease",
    "seal",
    "spendable_supply",
    "sum_of_vouchers",
    "sums_by",
    "trial_balance",
    "verify",
]
