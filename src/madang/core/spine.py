"""The spine: Offering → Reservation → Usage → Charge, closed by Settlement.

The five words mean the same for tokens, GPU-seconds, bytes, deliveries and test runs.
Rooms that meter something build these values; `metering` alone turns them into rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from madang.core.units import Unit

CallId = NewType("CallId", UUID)
VoucherId = NewType("VoucherId", UUID)
SupplierId = NewType("SupplierId", UUID)
OfferingId = NewType("OfferingId", UUID)
HoldId = NewType("HoldId", UUID)

Quantities = Mapping[Unit, int]
"""Non-negative integers by unit; the classes are disjoint."""


class UsageFlag(StrEnum):
    """What is special about a measurement."""

    ESTIMATED = "estimated"  # no usage came from the supplier: observed or bounded by us
    ABORTED = "aborted"  # the client left before the end
    ABOVE_BOUND = "above_bound"  # the supplier reported more than was reserved


@dataclass(frozen=True, slots=True)
class Measurement:
    """One immutable measurement, before it is priced and charged.

    `id` is made by the measuring side and names the usage once and for all: the same id with
    the same content is the same usage, with other content it is refused.
    `evidence_sha256` digests what the measurement rests on.
    """

    id: str
    voucher: VoucherId
    offering: OfferingId
    quantities: Quantities
    started_at: datetime
    ended_at: datetime
    evidence_sha256: str
    flags: frozenset[UsageFlag] = frozenset()
