"""What a dead worker left behind: its journal, its open calls, its leases.

Every step is a transaction of its own and changes nothing when done again, so that recovery
may itself be killed at any point.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from madang.core.clock import clock_for
from madang.metering.errors import JournalDamaged
from madang.metering.till.epochs import lives, unfinished_epochs
from madang.metering.till.leases import open_leases, orphaned, return_lease
from madang.metering.till.models import CallState, JournalOffset, OpenCall, WorkerEpoch
from madang.metering.till.posting import EndedCall, post_calls
from madang.metering.till.processes import boot_id, host_id
from madang.metering.till.rows import UsageRow
from madang.metering.till.settling import open_est
from madang.metering.till.shipping import Step, ship_batch
from madang.metering.till.tariffs import Tariffs
from madang.metering.usage.models import Outcome
from madang.metering.vouchers.actions import vouchers_by_id
from madang.wire.journal import DamagedJournal, SegmentName, segments

BATCHES_MAX = 1_000_000


def ship_all(
    epoch: WorkerEpoch, directory: Path, tariffs: Tariffs, *, at: datetime
) -> tuple[int, Step]:
    """Post everything that an epoch has on file now: how many calls, and the last step.

    Raises DamagedJournal.
    """
    is_live = lives(epoch)
    calls = 0
    for _ in range(BATCHES_MAX):
        step = ship_batch(epoch, directory, tariffs, is_live=is_live, at=at)
        calls += step.calls
        if step.is_end:
            return calls, step
    raise AssertionError(f"epoch {epoch.epoch} has more than {BATCHES_MAX} batches")


def recover_epoch(
    epoch: WorkerEpoch, directory: Path, tariffs: Tariffs, *, at: datetime
) -> int:
    """Read a dead worker's journal to its end and deal with all that is left open.

    INTENT without SENT was never sent: void. SENT without an end is unsettled and its
    reservation stays held; the rest of every lease comes free. After an unclean boot the last
    records may be missing: then every open call is unsettled and no lease comes free by
    itself. Answers how many calls were posted. Raises DamagedJournal.
    """
    assert not lives(epoch), "only the dead are recovered"
    is_rebooted = epoch.boot_id != boot_id()
    calls, _ = ship_all(epoch, directory, tariffs, at=at)
    if is_rebooted and not is_closed_in_order(epoch):
        WorkerEpoch.objects.filter(pk=epoch.pk).update(power_lost=True)
        epoch.power_lost = True
    else:
        calls += _void_unsent(epoch, at)
    _leave_unsettled(epoch)
    if not epoch.power_lost:
        for lease in open_leases(epoch):
            return_lease(lease.hold, in_flight=open_est(lease), at=at)
    WorkerEpoch.objects.filter(pk=epoch.pk, closed_at=None).update(closed_at=at)
    return calls


def return_orphans(*, at: datetime) -> None:
    """Resolve what was granted to a worker in the moment of its death."""
    for lease in orphaned():
        return_lease(lease.hold, in_flight=open_est(lease), at=at)


def is_closed_in_order(epoch: WorkerEpoch) -> bool:
    """True when the last segment that was read ended with END."""
    last = JournalOffset.objects.filter(epoch=epoch).order_by("-segment").first()
    return last is None or last.is_closed


@transaction.atomic
def _void_unsent(epoch: WorkerEpoch, at: datetime) -> int:
    rows = OpenCall.objects.filter(epoch=epoch, state=CallState.INTENT)
    found = list(rows.select_related("price_set__offering").order_by("call"))
    vouchers = vouchers_by_id([row.voucher_id for row in found])
    voided = [_voided(row, at) for row in found]
    done = post_calls(voided, vouchers, batch=f"void:{epoch.epoch}", at=at)
    rows.delete()
    return done


def _voided(row: OpenCall, at: datetime) -> EndedCall:
    offering = row.price_set.offering
    usage = UsageRow(
        call=row.call, voucher=row.voucher_id, supplier=offering.supplier_id,
        offering=offering.no, price_set=row.price_set_id, key_no=row.key_no, quantities={},
        outcome=Outcome.VOIDED, flags=[], priced=0, disputed=0, programme=0,
        started_at=row.started_at, ended_at=at, evidence="",
    )  # fmt: skip
    return EndedCall(usage, 0, row.hold)


def _leave_unsettled(epoch: WorkerEpoch) -> None:
    waiting = OpenCall.objects.filter(epoch=epoch).exclude(state=CallState.UNSETTLED)
    waiting.update(state=CallState.UNSETTLED, why="worker_died")


def note_damage(epoch: WorkerEpoch, damage: Exception) -> None:
    """Say on the epoch what is wrong with its journal: no more of it is read or granted."""
    WorkerEpoch.objects.filter(pk=epoch.pk).update(damage=str(damage)[:300])


def ship_leftovers(data_dir: Path, *, at: datetime | None = None) -> int:
    """The till's work while no till runs: post every journal of this host, recover the dead.

    Answers how many calls were posted. Raises JournalDamaged.
    """
    directory = data_dir / "journal"
    host = host_id(data_dir)
    now = at if at is not None else clock_for(data_dir).now()
    tariffs = Tariffs()
    calls = 0
    for epoch in unfinished_epochs(host):
        try:
            if lives(epoch):
                calls += ship_all(epoch, directory, tariffs, at=now)[0]
            else:
                calls += recover_epoch(epoch, directory, tariffs, at=now)
        except DamagedJournal as damage:
            note_damage(epoch, damage)
            raise JournalDamaged(
                segment=damage.path.name, offset=damage.offset, reason=damage.reason
            ) from damage
    return_orphans(at=now)
    return calls


def finished_segments(directory: Path, host: UUID) -> list[Path]:
    """Segments that may be deleted: read to their end and closed, or of an epoch that is
    over; and no call in them is open."""
    return [path for name, path in segments(directory) if _is_finished(name, host)]


def _is_finished(name: SegmentName, host: UUID) -> bool:
    epoch = WorkerEpoch.objects.filter(epoch=name.epoch, host=host).first()
    if epoch is None or epoch.power_lost:
        return False
    place = JournalOffset.objects.filter(epoch=epoch, segment=name.number, is_closed=True)
    still_open = OpenCall.objects.filter(epoch=epoch, segment=name.number)
    is_over = epoch.closed_at is not None or place.exists()
    return is_over and not still_open.exists()


def delete_segments(paths: Sequence[Path]) -> None:
    """Free the space of segments whose every record is in the database."""
    for path in paths:
        path.unlink(missing_ok=True)
