"""All tables of this room, where Django looks for them."""

from madang.metering.alerts.models import AlertKind, VoucherAlert
from madang.metering.charges.models import (
    Charge,
    ChargeKind,
    CollectionWay,
    LossGround,
    LossOutcome,
    RefundCollection,
    RefundState,
    RefundWriteOff,
    SettledRefund,
)
from madang.metering.deposits.models import ParkReason, Receipt, ReceiptState
from madang.metering.disputes.models import DisputeEnd, DisputeEndState
from madang.metering.exits.models import ExitKind, SupplierExit
from madang.metering.invoices.models import InvoiceKind, InvoiceState, TaxInvoice
from madang.metering.keys.models import Key
from madang.metering.offerings.models import (
    AbortPolicy,
    Offering,
    OfferingState,
    PriceSet,
    PriceVersion,
)
from madang.metering.payout_holds.models import PayoutHold
from madang.metering.payouts.models import (
    BankAccount,
    Offset,
    Payout,
    PayoutState,
    SupplierAccount,
)
from madang.metering.returns.models import DepositReturn, DepositReturnState
from madang.metering.statements.models import Statement, StatementLine, StatementState
from madang.metering.teams.models import Team
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
    "AlertKind",
    "BankAccount",
    "CallState",
    "Charge",
    "ChargeKind",
    "CollectionWay",
    "DepositReturn",
    "DepositReturnState",
    "DisputeEnd",
    "DisputeEndState",
    "ExitKind",
    "IdemClaim",
    "InvoiceKind",
    "InvoiceState",
    "JournalOffset",
    "Key",
    "Lease",
    "LeaseState",
    "LossGround",
    "LossOutcome",
    "Offering",
    "OfferingState",
    "Offset",
    "OpenCall",
    "Outcome",
    "ParkReason",
    "Payout",
    "PayoutHold",
    "PayoutState",
    "PriceSet",
    "PriceVersion",
    "Receipt",
    "ReceiptState",
    "RefundCollection",
    "RefundState",
    "RefundWriteOff",
    "SettledRefund",
    "Statement",
    "StatementLine",
    "StatementState",
    "SupplierAccount",
    "SupplierExit",
    "TaxInvoice",
    "Team",
    "Usage",
    "UsageKind",
    "Voucher",
    "VoucherAlert",
    "VoucherState",
    "WorkerEpoch",
]
