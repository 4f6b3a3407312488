"""Rows of usage and charges, many in one statement each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from madang.core.units import Unit
from madang.metering.usage.models import Outcome

_INSERT_USAGE = """
INSERT INTO metering_usage (
    call, kind, external_id, voucher_id, supplier_id, offering_id, price_set_id, key_no,
    quantities, outcome, flags, priced_microwon, disputed_microwon, programme_microwon,
    started_at, ended_at, recorded_at, evidence_sha256, team_id)
SELECT call, 'call', '', voucher, supplier, offering, price_set, key_no,
    quantities::jsonb, outcome, string_to_array(flags, ','), priced, disputed, programme,
    started_at, ended_at, %s, evidence, team
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::timestamptz[], %s::timestamptz[], %s::text[], %s::uuid[])
  AS t (call, voucher, supplier, offering, price_set, key_no, quantities, outcome, flags,
    priced, disputed, programme, started_at, ended_at, evidence, team)
ON CONFLICT (call, kind) DO NOTHING
RETURNING call, no
"""

_INSERT_CHARGES = """
INSERT INTO metering_charge (
    kind, usage_id, voucher_id, supplier_id, amount_microwon, journal, recorded_at)
SELECT 'charge', usage, voucher, supplier, amount, journal, %s
FROM unnest(%s::bigint[], %s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[])
  AS t (usage, voucher, supplier, amount, journal)
"""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One call with its end."""

    call: UUID
    voucher: UUID
    supplier: UUID
    offering: int
    price_set: int
    key_no: int
    quantities: Mapping[Unit, int]
    outcome: Outcome
    flags: Sequence[str]
    priced: int
    disputed: int
    programme: int
    started_at: datetime
    ended_at: datetime
    evidence: str
    team: UUID | None = None


@dataclass(frozen=True, slots=True)
class ChargeRow:
    usage: int
    voucher: UUID
    supplier: UUID
    amount: int
    journal: UUID


def insert_usage(rows: Sequence[UsageRow], *, recorded_at: datetime) -> dict[UUID, int]:
    """Insert what is not on file yet; the numbers of the rows that were inserted."""
    if not rows:
        return {}
    columns: list[list[object]] = [
        [row.call for row in rows],
        [row.voucher for row in rows],
        [row.supplier for row in rows],
        [row.offering for row in rows],
        [row.price_set for row in rows],
        [row.key_no for row in rows],
        [quantities_text(row.quantities) for row in rows],
        [row.outcome.value for row in rows],
        [",".join(row.flags) for row in rows],
        [row.priced for row in rows],
        [row.disputed for row in rows],
        [row.programme for row in rows],
        [row.started_at for row in rows],
        [row.ended_at for row in rows],
        [row.evidence for row in rows],
        [row.team for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_USAGE, [recorded_at, *columns])
        return dict(cursor.fetchall())


def insert_charges(rows: Sequence[ChargeRow], *, recorded_at: datetime) -> None:
    """All charges of a batch in one statement: the database checks each journal's sum."""
    if not rows:
        return
    columns: list[list[object]] = [
        [row.usage for row in rows],
        [row.voucher for row in rows],
        [row.supplier for row in rows],
        [row.amount for row in rows],
        [row.journal for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_CHARGES, [recorded_at, *columns])


def quantities_text(quantities: Mapping[Unit, int]) -> str:
    return json.dumps({unit.value: quantity for unit, quantity in quantities.items()})
