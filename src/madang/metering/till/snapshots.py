"""What gateways must know of keys, vouchers and products: whole, or what changed since.

A transaction's changes become visible in no particular order. So the mark of a snapshot is
the oldest transaction that was running when it was taken: asking again from there misses
nothing, and sends at worst a row twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from madang.metering.keys.models import Key
from madang.metering.offerings.models import Offering, OfferingState
from madang.metering.offerings.prices import windows_of
from madang.metering.vouchers.models import Voucher
from madang.wire import messages as wire

_EPOCH_0 = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Marked:
    """A snapshot, and the mark from which to ask for what comes after it."""

    snapshot: wire.Snapshot
    mark: int

    @property
    def is_empty(self) -> bool:
        found = self.snapshot
        return not (found.keys or found.vouchers or found.offerings)


def complete() -> Marked:
    """Everything that a gateway may need."""
    return _taken(None)


def changes_since(mark: int) -> Marked:
    """Rows that changed in transactions from the mark on."""
    return _taken(mark)


def _taken(since: int | None) -> Marked:
    mark = _oldest_running()
    offerings = _offerings(since).prefetch_related("prices", "price_sets")
    snapshot = wire.Snapshot(
        version=mark,
        complete=since is None,
        keys=[_key(row) for row in _keys(since)],
        vouchers=[_voucher(row) for row in _vouchers(since)],
        offerings=[_offering(row) for row in offerings],
    )
    return Marked(snapshot, mark)


def _oldest_running() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])


_CHANGED = {
    "key": "SELECT no::text FROM metering_key WHERE changed_xid >= %s::xid8",
    "voucher": "SELECT id::text FROM metering_voucher WHERE changed_xid >= %s::xid8",
    "offering": "SELECT no::text FROM metering_offering WHERE changed_xid >= %s::xid8",
}


def _changed(table: str, since: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED[table], [str(since)])
        return [identifier for (identifier,) in cursor.fetchall()]


def _keys(since: int | None) -> QuerySet[Key]:
    rows = Key.objects.select_related("team")
    return rows if since is None else rows.filter(pk__in=_changed("key", since))


def _vouchers(since: int | None) -> QuerySet[Voucher]:
    rows = Voucher.objects.select_related("organisation")
    return rows if since is None else rows.filter(pk__in=_changed("voucher", since))


def _offerings(since: int | None) -> QuerySet[Offering]:
    rows = Offering.objects.filter(meter="model")
    return rows if since is None else rows.filter(pk__in=_changed("offering", since))


def _key(row: Key) -> wire.Key:
    return wire.Key(
        no=row.no, sha256=bytes(row.sha256), voucher=row.voucher_id, rpm_max=row.rpm_max,
        revoked=row.revoked_at is not None, team=row.team_id,
        team_limit_microwon=row.team.limit_microwon if row.team else 0,
    )  # fmt: skip


def _voucher(row: Voucher) -> wire.Voucher:
    return wire.Voucher(
        id=row.id, code=row.code, state=row.state, expires_at_us=unix_us(row.expires_at),
        organisation_kind=row.organisation.kind, offerings=row.offerings,
    )  # fmt: skip


def _offering(row: Offering) -> wire.Offering:
    return wire.Offering(
        no=row.no, id=row.id, code=row.code, supplier=row.supplier_id,
        listed=row.state == OfferingState.LISTED, upstream=row.upstream,
        upstream_model=row.upstream_model, upstream_key=row.upstream_key,
        allow_private=row.allow_private, context_tokens_max=row.context_tokens_max,
        abort_policy=row.abort_policy, uses=row.uses, strict=row.strict,
        price_sets=_price_sets(row), overhead_tokens_max=row.overhead_tokens_max,
        connections_max=row.connections_max,
    )  # fmt: skip


def _price_sets(row: Offering) -> list[wire.PriceSet]:
    numbers = {price_set.sha256: price_set.no for price_set in row.price_sets.all()}
    return [
        wire.PriceSet(
            no=numbers[window.sha256(row.no)],
            prices={unit.value: str(price) for unit, price in window.prices.items()},
            kinds=list(window.kinds),
            valid_from_us=unix_us(window.valid_from),
            valid_until_us=unix_us(window.valid_until) if window.valid_until else 0,
        )
        for window in windows_of(row.prices.all())
    ]


def unix_us(at: datetime) -> int:
    """An instant as microseconds of Unix time, exactly."""
    return (at - _EPOCH_0) // _MICROSECOND
