"""Shipping: a worker's journal into usage, charges and the ledger, exactly once.

One transaction a batch: the rows, one P8 per lease, and the offset up to which was read. The
backlog lives in the journal files, never in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction

from madang.core.spine import UsageFlag
from madang.metering.till.models import (
    CallState,
    JournalOffset,
    Lease,
    OpenCall,
    WorkerEpoch,
)
from madang.metering.till.posting import EndedCall, on_file, post_calls
from madang.metering.till.rows import UsageRow
from madang.metering.till.tariffs import Rated, Tariff, Tariffs, quantities_of, rate
from madang.metering.usage.models import Outcome
from madang.metering.vouchers.actions import vouchers_by_id
from madang.wire.journal import Batch, DamagedJournal, SegmentName, Tail, read_batch
from madang.wire.record import RECORD_BYTES, Record, RecordFlag, RecordKind, pack

_EPOCH_0 = datetime(1970, 1, 1, tzinfo=UTC)
_FLAG_NAMES = {
    RecordFlag.ESTIMATED: UsageFlag.ESTIMATED.value,
    RecordFlag.ABORTED: UsageFlag.ABORTED.value,
    RecordFlag.ABOVE_BOUND: UsageFlag.ABOVE_BOUND.value,
    RecordFlag.STREAM: "stream",
    RecordFlag.PROGRAMME_BORNE: "programme_borne",
}
_OPENING = frozenset({RecordKind.INTENT, RecordKind.SENT})
_ENDING = frozenset({RecordKind.COMMIT, RecordKind.VOID})


class UnknownName(ValueError):
    """A record names a voucher or a price set that never was."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch brought, and where the next one begins.

    `is_end`: nothing more is on file now.
    """

    calls: int
    records: int
    is_end: bool
    tail: Tail
    segment: int
    offset: int
    seq_next: int


@dataclass(slots=True)
class _Calls:
    """What a batch says of its calls: those that ended, and those that it leaves open."""

    begun: dict[UUID, datetime] = field(default_factory=dict)
    opened: dict[UUID, Record] = field(default_factory=dict)
    progress: dict[UUID, Record] = field(default_factory=dict)
    ended: dict[UUID, Record] = field(default_factory=dict)


def time_of(us: int) -> datetime:
    """Microseconds of Unix time, exactly."""
    return _EPOCH_0 + timedelta(microseconds=us)


def ship_batch(
    epoch: WorkerEpoch, directory: Path, tariffs: Tariffs, *, is_live: bool, at: datetime
) -> Step:
    """Read and post one batch of an epoch. Locks the epoch, its vouchers, their leases.

    Raises DamagedJournal for what no crash explains; then nothing was posted.
    """
    with transaction.atomic():
        WorkerEpoch.objects.select_for_update(no_key=True).get(pk=epoch.pk)
        place = _place(epoch)
        path = directory / SegmentName(epoch.worker, epoch.epoch, place.segment).file_name
        follower = SegmentName(epoch.worker, epoch.epoch, place.segment + 1).file_name
        has_follower = (directory / follower).exists()
        if not path.exists():
            if has_follower:
                raise DamagedJournal(path, 0, "the segment is missing")
            return _step(place, 0, 0, Tail.CLOSED, is_end=True)
        batch = read_batch(path, place.offset_bytes, is_last=not has_follower, is_live=is_live)
        _check_seq(path, place, batch)
        try:
            calls = _post(epoch, place, batch.records, tariffs, at)
        except UnknownName as err:
            raise DamagedJournal(path, place.offset_bytes, str(err)) from err
        _move_on(place, batch)
        is_end = batch.tail in {Tail.OPEN, Tail.TORN}
        return _step(place, calls, len(batch.records), batch.tail, is_end=is_end)


def _step(place: JournalOffset, calls: int, records: int, tail: Tail, *, is_end: bool) -> Step:
    if place.is_closed:
        return Step(calls, records, is_end, tail, place.segment + 1, 0, place.seq_next)
    return Step(calls, records, is_end, tail, place.segment, place.offset_bytes, place.seq_next)


def _place(epoch: WorkerEpoch) -> JournalOffset:
    """Where reading goes on: in the first segment that is not closed."""
    found = JournalOffset.objects.filter(epoch=epoch).order_by("-segment").first()
    if found is None:
        return JournalOffset(epoch=epoch, segment=0)
    if found.is_closed:
        return JournalOffset(epoch=epoch, segment=found.segment + 1, seq_next=found.seq_next)
    return found


def _check_seq(path: Path, place: JournalOffset, batch: Batch) -> None:
    """Records are numbered without a gap, over all segments of an epoch."""
    is_first = place.segment == 0 and place.offset_bytes == 0
    if batch.records and not is_first and batch.records[0].seq != place.seq_next:
        raise DamagedJournal(path, place.offset_bytes, "records are missing before this one")


def _move_on(place: JournalOffset, batch: Batch) -> None:
    if batch.records:
        place.seq_next = batch.records[-1].seq + 1
    place.offset_bytes = batch.offset_next
    place.is_closed = batch.tail is Tail.CLOSED
    if batch.records or place.is_closed:
        place.save()


def _post(
    epoch: WorkerEpoch,
    place: JournalOffset,
    records: Sequence[Record],
    tariffs: Tariffs,
    at: datetime,
) -> int:
    calls = _read(records)
    if not calls.opened and not calls.ended and not calls.progress:
        return 0
    vouchers = vouchers_by_id([record.voucher for record in calls.ended.values()])
    _check_names(calls, vouchers.keys(), tariffs)
    _find_begun(calls)
    ended, strange = _rate_all(calls, tariffs)
    batch = f"ship:{epoch.epoch}:{place.segment}:{place.offset_bytes}"
    done = post_calls(ended, vouchers, batch=batch, at=at)
    OpenCall.objects.filter(call__in=[call.row.call for call in ended]).delete()
    _keep_open(epoch, place.segment, calls, strange)
    return done


def _check_names(calls: _Calls, vouchers: Collection[UUID], tariffs: Tariffs) -> None:
    """A whole, checksummed record that names what never was: not a crash, an alarm."""
    for record in calls.ended.values():
        if record.voucher not in vouchers:
            raise UnknownName(f"voucher {record.voucher} is unknown")
    for record in (*calls.opened.values(), *calls.ended.values()):
        if tariffs.get(record.price_set) is None:
            raise UnknownName(f"price set {record.price_set} is unknown")


def _read(records: Sequence[Record]) -> _Calls:
    calls = _Calls()
    for record in records:
        if record.kind in _OPENING:
            calls.begun.setdefault(record.call, time_of(record.at_us))
            calls.opened[record.call] = record
        elif record.kind is RecordKind.PROGRESS:
            calls.progress[record.call] = record
        elif record.kind in _ENDING:
            calls.ended[record.call] = record
            calls.opened.pop(record.call, None)
            calls.progress.pop(record.call, None)
    return calls


def begun_at(calls: _Calls, record: Record) -> datetime:
    """When a call began; if nobody knows any more, when it ended."""
    return calls.begun.get(record.call, time_of(record.at_us))


def _find_begun(calls: _Calls) -> None:
    """When calls began that an earlier batch left open."""
    missing = [call for call in calls.ended if call not in calls.begun]
    if missing:
        rows = OpenCall.objects.filter(call__in=missing)
        calls.begun.update(rows.values_list("call", "started_at"))


def _rate_all(
    calls: _Calls, tariffs: Tariffs
) -> tuple[list[EndedCall], dict[UUID, tuple[Record, str]]]:
    """The calls that can be posted, and those that need a person, with why."""
    holds = {record.hold for record in calls.ended.values()}
    leases = Lease.objects.filter(hold__in=holds).values_list("hold", "supplier_id")
    suppliers = dict(leases)
    ended: list[EndedCall] = []
    strange: dict[UUID, tuple[Record, str]] = {}
    for record in calls.ended.values():
        tariff = tariffs.get(record.price_set)
        assert tariff is not None, "names were checked"
        call = _ended(record, tariff, suppliers, begun_at(calls, record))
        if isinstance(call, str):
            strange[record.call] = record, call
        else:
            ended.append(call)
    return ended, strange


def _ended(
    record: Record, tariff: Tariff, suppliers: Mapping[UUID, UUID], begun: datetime
) -> EndedCall | str:
    """A call as it is posted, or the word for what is wrong with it."""
    if record.hold not in suppliers:
        return "hold_unknown"
    if suppliers[record.hold] != tariff.supplier:
        return "supplier_differs"
    if record.kind is RecordKind.VOID:
        nothing = Rated(0, 0, 0, 0)
        return EndedCall(_row(record, tariff, Outcome.VOIDED, nothing, begun), 0, record.hold)
    rated = rate(record, tariff)
    if rated is None:
        return "price_differs"
    is_estimated = RecordFlag.ESTIMATED in record.flags
    outcome = Outcome.ESTIMATED if is_estimated else Outcome.COMMITTED
    row = _row(record, tariff, outcome, rated, begun)
    return EndedCall(row, rated.cost_microwon, record.hold)


def _row(
    record: Record, tariff: Tariff, outcome: Outcome, rated: Rated, begun: datetime
) -> UsageRow:
    return UsageRow(
        call=record.call,
        voucher=record.voucher,
        supplier=tariff.supplier,
        offering=tariff.offering,
        price_set=tariff.price_set,
        key_no=record.key_no,
        quantities=quantities_of(record) if outcome is not Outcome.VOIDED else {},
        outcome=outcome,
        flags=flags_of(record),
        priced=rated.priced,
        disputed=rated.disputed,
        programme=rated.programme,
        started_at=begun,
        ended_at=time_of(record.at_us),
        evidence=evidence_of(record),
    )


def flags_of(record: Record) -> list[str]:
    return [name for flag, name in _FLAG_NAMES.items() if flag in record.flags]


def evidence_of(record: Record) -> str:
    """The digest of the very record that the usage rests on."""
    data = pack(
        record.seq, record.epoch, record.kind, record.flags, record.attempt,
        record.call.bytes, record.voucher.bytes, record.hold.bytes, record.price_set,
        record.est_microwon, record.cost_microwon, record.token_in, record.token_in_cached,
        record.token_in_cache_write, record.token_out, record.at_us, record.key_no,
        record.other_quantity, record.other_unit,
    )  # fmt: skip
    assert len(data) == RECORD_BYTES, "a record has one size"
    return hashlib.sha256(data).hexdigest()


def _keep_open(
    epoch: WorkerEpoch,
    segment: int,
    calls: _Calls,
    strange: Mapping[UUID, tuple[Record, str]],
) -> None:
    """Remember calls that the batch leaves open, and those whose end needs a person."""
    known = on_file(calls.opened)
    rows = [
        _open_call(epoch, segment, record, calls.begun[call], _state_of(record), "")
        for call, record in calls.opened.items()
        if call not in known
    ]
    rows += [
        _open_call(epoch, segment, record, begun_at(calls, record), CallState.UNSETTLED, why)
        for record, why in strange.values()
    ]
    changing = ["state", "hold", "est_microwon", "why", "segment"]
    OpenCall.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["call"], update_fields=changing
    )
    for call, record in calls.progress.items():
        seen = {unit.value: n for unit, n in quantities_of(record).items()}
        OpenCall.objects.filter(call=call).update(quantities=seen)


def _state_of(record: Record) -> CallState:
    return CallState.SENT if record.kind is RecordKind.SENT else CallState.INTENT


def _open_call(
    epoch: WorkerEpoch,
    segment: int,
    record: Record,
    started_at: datetime,
    state: CallState,
    why: str,
) -> OpenCall:
    return OpenCall(
        call=record.call, epoch=epoch, segment=segment, hold=record.hold,
        voucher_id=record.voucher, price_set_id=record.price_set, key_no=record.key_no,
        est_microwon=record.est_microwon, quantities={}, flags=flags_of(record),
        started_at=started_at, state=state, why=why,
    )  # fmt: skip
