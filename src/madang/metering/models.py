"""All tables of this room, where Django looks for them."""

from madang.metering.charges.models import Charge, ChargeKind, SettledRefund
from madang.metering.deposits.models import Receipt, ReceiptState
from madang.metering.keys.models import Key
from madang.metering.offerings.models import (
    AbortPolicy,
    Offering,
    OfferingState,
    PriceSet,
    PriceVersion,
)
from madang.metering.payouts.models import BankAccount, Payout, PayoutState
from madang.metering.statements.models import Statement, StatementLine, StatementState
from madang.metering.till.models import (
    CallState,
    IdemClaim,
    JournalOffset,
    Lease,
    LeaseState,
    OpenCall,
    WorkerEpoch,
)
from madang.metering.usage.models import Outcome, Usage, UsageKind
from madang.metering.vouchers.models import Voucher, VoucherState

__all__ = [
    "AbortPolicy",
    "BankAccount",
    "CallState",
    "Charge",
    "ChargeKind",
    "IdemClaim",
    "JournalOffset",
    "Key",
    "Lease",
    "LeaseState",
    "Offering",
    "OfferingState",
    "OpenCall",
    "Outcome",
    "Payout",
    "PayoutState",
    "PriceSet",
    "PriceVersion",
    "Receipt",
    "ReceiptState",
    "SettledRefund",
    "Statement",
    "StatementLine",
    "StatementState",
    "Usage",
    "UsageKind",
    "Voucher",
    "VoucherState",
    "WorkerEpoch",
]
