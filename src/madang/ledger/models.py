"""All tables of this room, where Django looks for them."""

from madang.ledger.accounts.models import Account, AccountKind, Balance
from madang.ledger.holds.models import Hold, HoldEvent, HoldState
from madang.ledger.journals.models import Entry, Journal, Note, Stillness
from madang.ledger.seals.models import Root, Seal, SealRun
from madang.ledger.vouchers.models import Split, VoucherEvent, Wallet
from madang.ledger.years.models import YearEnd

__all__ = [
    "Account",
    "AccountKind",
    "Balance",
    "Entry",
    "Hold",
    "HoldEvent",
    "HoldState",
    "Journal",
    "Note",
    "Root",
    "Seal",
    "SealRun",
    "Split",
    "Stillness",
    "VoucherEvent",
    "Wallet",
    "YearEnd",
]
