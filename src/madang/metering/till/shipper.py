"""Reading every journal of this host as it grows: one reader for each epoch."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import DataError, IntegrityError

from madang.core.errors import MadangError
from madang.metering.till.epochs import lives, unfinished_epochs
from madang.metering.till.models import WorkerEpoch
from madang.metering.till.recovery import (
    delete_segments,
    finished_segments,
    note_damage,
    recover_epoch,
    return_orphans,
    ship_all,
)
from madang.metering.till.tariffs import Tariffs
from madang.wire.journal import DamagedJournal, SegmentName
from madang.wire.record import RECORD_BYTES

REFUSED = (DamagedJournal, DataError, IntegrityError, MadangError)
"""What stops one journal, and must not stop the others: an alarm for a person."""

log = logging.getLogger("madang.till")


@dataclass(slots=True)
class Place:
    """Where reading an epoch goes on, as of the last look."""

    epoch: WorkerEpoch
    segment: int = -1
    offset: int = 0
    seq_next: int = 0


class Shipper:
    """Ships what there is. Used from one thread; forgets nothing that the database does not
    know, so that it may be thrown away at any moment."""

    def __init__(self, data_dir: Path, host: UUID) -> None:
        self._directory = data_dir / "journal"
        self._host = host
        self._tariffs = Tariffs()
        self._places: dict[int, Place] = {}
        self.calls_total = 0
        self.damaged: dict[int, str] = {}

    def watch(self, epoch: WorkerEpoch) -> None:
        """Read this epoch's journal from now on."""
        self._places.setdefault(epoch.epoch, Place(epoch))

    def ship_new(self, *, at: datetime) -> int:
        """Post what living workers have written since the last time; how many calls."""
        calls = 0
        for place in list(self._places.values()):
            if place.epoch.epoch not in self.damaged and self._has_news(place):
                calls += self._ship(place, at)
        return calls

    def ship_epoch(self, epoch: int, *, at: datetime) -> None:
        """Post what one epoch has on file now."""
        place = self._places.get(epoch)
        if place is not None and epoch not in self.damaged:
            self._ship(place, at)

    def ship_upto(self, epoch: int, seq_next: int, *, at: datetime) -> bool:
        """Post an epoch until every record below `seq_next` is. False: it is not on file."""
        place = self._places.get(epoch)
        if place is None:
            return True  # the epoch is closed: all that it had is posted
        if place.seq_next < seq_next:
            self.ship_epoch(epoch, at=at)
        return place.seq_next >= seq_next

    def look_after(self, *, at: datetime) -> int:
        """Find new epochs, recover dead ones, free finished segments; how many calls."""
        epochs = {row.epoch: row for row in unfinished_epochs(self._host)}
        self._places = {
            number: self._places.get(number) or Place(row) for number, row in epochs.items()
        }
        calls = 0
        for place in list(self._places.values()):
            if place.epoch.epoch not in self.damaged and not lives(place.epoch):
                calls += self._recover(place, at)
        return_orphans(at=at)
        delete_segments(finished_segments(self._directory, self._host))
        return calls

    def _has_news(self, place: Place) -> bool:
        """One small read, so that an idle worker costs the database nothing."""
        if place.segment < 0:
            return True
        epoch = place.epoch
        name = SegmentName(epoch.worker, epoch.epoch, place.segment).file_name
        try:
            with (self._directory / name).open("rb") as file:
                block = os.pread(file.fileno(), RECORD_BYTES, place.offset)
        except FileNotFoundError:
            return False
        return any(block)

    def _ship(self, place: Place, at: datetime) -> int:
        try:
            calls, step = ship_all(place.epoch, self._directory, self._tariffs, at=at)
        except REFUSED as damage:
            self._note(place, damage)
            return 0
        place.segment, place.offset, place.seq_next = step.segment, step.offset, step.seq_next
        self.calls_total += calls
        return calls

    def _recover(self, place: Place, at: datetime) -> int:
        try:
            calls = recover_epoch(place.epoch, self._directory, self._tariffs, at=at)
        except REFUSED as damage:
            self._note(place, damage)
            return 0
        reserved = f"w{place.epoch.worker:03d}-e{place.epoch.epoch:08d}.next"
        (self._directory / reserved).unlink(missing_ok=True)
        del self._places[place.epoch.epoch]
        self.calls_total += calls
        log.info("till.epoch.recovered epoch=%d calls=%d", place.epoch.epoch, calls)
        return calls

    def _note(self, place: Place, damage: Exception) -> None:
        log.error("till.journal.damaged epoch=%d why=%s", place.epoch.epoch, damage)
        note_damage(place.epoch, damage)
        self.damaged[place.epoch.epoch] = str(damage)
