"""Epochs: one number for one life of one worker. A higher one fences the lower ones."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.metering.till.models import WorkerEpoch
from madang.metering.till.processes import boot_id, is_alive, started_ticks


class UnknownProcess(ValueError):
    """A worker said hello from a process that is not there."""


@transaction.atomic
def open_epoch(host: UUID, *, worker: int, pid: int, at: datetime) -> WorkerEpoch:
    """A new epoch for a worker; every earlier one of the same worker is fenced.

    A fenced worker may still be alive and finish calls: its leases stay counted and its
    journal is read until its death is certain.
    """
    ticks = started_ticks(pid)
    if ticks is None:
        raise UnknownProcess(f"no process {pid}")
    WorkerEpoch.objects.filter(host=host, worker=worker, closed_at=None, fenced_at=None).update(
        fenced_at=at
    )
    return WorkerEpoch.objects.create(
        host=host, worker=worker, pid=pid, started_ticks=ticks, boot_id=boot_id(),
        opened_at=at,
    )  # fmt: skip


def attached_epoch(host: UUID, *, epoch: int, worker: int, pid: int) -> WorkerEpoch | None:
    """The epoch of a worker that outlived its till; None when it is fenced, or not its own."""
    found = WorkerEpoch.objects.filter(
        epoch=epoch, host=host, worker=worker, pid=pid, fenced_at=None, closed_at=None
    ).first()
    return found if found is not None and lives(found) else None


def lives(epoch: WorkerEpoch) -> bool:
    """True while the epoch's own process runs."""
    return is_alive(pid=epoch.pid, ticks=epoch.started_ticks, boot=epoch.boot_id)


def unfinished_epochs(host: UUID) -> list[WorkerEpoch]:
    """Every epoch of a host whose journal may still hold something."""
    rows = WorkerEpoch.objects.filter(host=host, closed_at=None)
    return list(rows.order_by("epoch"))
