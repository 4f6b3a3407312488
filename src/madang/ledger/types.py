"""What callers hand to the ledger and what they get back. Values only, no storage.

Amounts are integers in micro-won; quota is an integer in its own unit. Ids are opaque.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from madang.core.money import Ratio

Resolution = Literal["void", "expire"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the ledger must know of a voucher to post on it.

    `active` is false once the voucher is expired, closed or cancelled: releases then go to
    B600 and no hold is taken. A suspended voucher stays active here: what it held returns to
    it, and metering refuses its holds.
    """

    voucher: UUID
    programme_year: UUID
    programme: UUID
    ratio: Ratio
    vat: Ratio
    active: bool = True


@dataclass(frozen=True, slots=True)
class Quota:
    """A grant of one unit in book Q. `unit` is a unit's name, as in madang.core.units."""

    grant: UUID
    unit: str
    programme_year: UUID
    active: bool = True


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who asked for a posting, why, and under which id it happens at most once.

    `id` is the client's: the same id with the same content returns the first answer, with
    other content it is refused. All fields but `reason` are opaque ids or names of types:
    they enter the hash chain. `reason` may be free text; it is kept in a row that can be
    erased, outside the chain.
    """

    id: str
    actor: str
    effective_at: datetime
    source_type: str
    source_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """`journal` is None when there was nothing to move (a capture of 0, an empty release)."""

    journal: UUID | None
    replayed: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """A supply value cut into subsidy (지원금) and own part (자부담), and its VAT (부가세)."""

    subsidy: int
    own: int
    vat: int

    @property
    def supply(self) -> int:
        return self.subsidy + self.own

    @property
    def deposit(self) -> int:
        """What the beneficiary's deposit carries."""
        return self.own + self.vat

    @property
    def total(self) -> int:
        return self.subsidy + self.own + self.vat

    def __sub__(self, other: Parts) -> Parts:
        return Parts(self.subsidy - other.subsidy, self.own - other.own, self.vat - other.vat)

    def __add__(self, other: Parts) -> Parts:
        return Parts(self.subsidy + other.subsidy, self.own + other.own, self.vat + other.vat)


@dataclass(frozen=True, slots=True)
class Held:
    posted: Posted
    parts: Parts


@dataclass(frozen=True, slots=True)
class Captured:
    posted: Posted
    parts: Parts


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """One hold of a batch: see postings.hold_many."""

    stamp: Stamp
    terms: Terms
    supplier: UUID
    hold_id: UUID
    amount: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QuotaHold:
    """One hold of a batch on quota: see postings.hold_quota_many."""

    stamp: Stamp
    quota: Quota
    hold_id: UUID
    amount: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """One use of a batch on quota, and the return of the rest: see postings.settle_quota_many.
    `used` None: nothing was used."""

    used: Stamp | None
    released: Stamp
    quota: Quota
    hold_id: UUID
    amount: int = 0


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """One capture of a batch: see postings.capture_many."""

    stamp: Stamp
    terms: Terms
    supplier: UUID
    hold_id: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """`parts` is what returned: the remainder of the lease."""

    posted: Posted
    parts: Parts


@dataclass(frozen=True, slots=True)
class Refunded:
    """`parts` is what was taken back from the supplier's accrual."""

    posted: Posted
    parts: Parts


@dataclass(frozen=True, slots=True)
class Frozen:
    """A statement's whole-won parts, and the residue that stays accrued for the next one."""

    posted: Posted
    parts: Parts
    carried: Parts


@dataclass(frozen=True, slots=True)
class Agreed:
    """A refund after settlement: whole-won parts that the supplier owes."""

    posted: Posted
    parts: Parts


@dataclass(frozen=True, slots=True)
class Moved:
    """A posting whose amount the ledger found itself: an expiry, a remittance, a return."""

    posted: Posted
    amount: int


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """One payout to one supplier: subsidy leaves from 1100, own part and VAT from 1110.

    `own` is own part and VAT together, as in 2310C. For a milestone (P24) `supplier` is the
    payee.
    """

    payout: UUID
    supplier: UUID
    programme_year: UUID
    programme: UUID
    subsidy: int
    own: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where one voucher stands. limit = available + held + consumed + expired + disallowed.

    `charged_supply` and `vat_charged` are cumulative captures less refunds before statement;
    what was refunded after settlement stays in them and is reported by its own case.
    """

    voucher: UUID
    limit: int
    available: int
    held: int
    consumed: int
    expired: int
    disallowed: int
    deposit_paid: int
    deposit_available: int
    deposit_held: int
    spendable_supply: int
    charged_supply: int
    vat_charged: int


@dataclass(frozen=True, slots=True)
class Accrued:
    """What a supplier has earned at one voucher and is not yet on a statement."""

    supplier: UUID
    voucher: UUID
    parts: Parts


@dataclass(frozen=True, slots=True)
class Payable:
    """What is confirmed for a supplier: payable, in no payout yet; own includes VAT."""

    supplier: UUID
    subsidy: int
    own: int
