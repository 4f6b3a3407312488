"""Removing what no commit names, without breaking anybody who is in the middle of something.

Nothing younger than the grace is touched; whatever the protocol promises to be there (an LFS
batch that asks for no upload, a block that is named again, a commit) renews its age. A pack
goes in two steps: first no new file may find its chunks, and only a later run deletes it,
after looking once more whether an upload that was under way had found them.

A run holds eight bytes of each content that a commit names, and one bit of each chunk; all else
passes through it a few hundred rows at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import obstore
from django.db import transaction
from django.db.models import Q

from madang.datahub.commits.models import Page
from madang.datahub.commits.pages import entries_from
from madang.datahub.contents import objects
from madang.datahub.contents.among import among
from madang.datahub.contents.models import Chunk, Claim, Content, Pack, ReceivedXorb, XorbClaim
from madang.datahub.contents.repacking import half_dead, move_living, naming
from madang.datahub.contents.terms import read
from madang.datahub.errors import ContentDamaged, HashMalformed
from madang.datahub.store.hashes import Hash, hash_from

T = TypeVar("T")

GRACE = timedelta(days=28)
"""Longer than clients remember blocks, which is three weeks."""

DOOMED_FOR = timedelta(days=1)
"""Longer than any upload lives that has looked up where its chunks lie."""

AT_ONCE = 500
AT_ONCE_BLOCKS = 50
"""Each brings the hashes of up to eight thousand chunks."""

SORTED_AT_ONCE = 1_000_000
"""Beginnings of digests that wait before they are put among the others: eight megabytes."""


@dataclass(slots=True)
class Collected:
    """What a run found, or did."""

    contents: int = 0
    blocks: int = 0
    packs_doomed: int = 0
    packs_saved: int = 0
    packs_deleted: int = 0
    packs_rewritten: int = 0
    bytes_moved: int = 0
    packs_damaged: int = 0
    bytes_deleted: int = 0
    strays: int = 0
    stray_bytes: int = 0


def collect(*, at: datetime, dry_run: bool, grace: timedelta = GRACE) -> Collected:
    """One run. A dry one counts and changes nothing."""
    done = Collected()
    cutoff = at - grace
    live = _live_contents()
    _contents(live, cutoff, done, dry_run)
    _blocks(cutoff, done, dry_run)
    uses = _used_places(live, cutoff, is_dry=dry_run)
    _packs(uses, at, cutoff, done, dry_run)
    _half_dead(uses, at, cutoff, done, dry_run)
    _strays(cutoff, done, dry_run)
    return done


def _live_contents() -> npt.NDArray[np.uint64]:
    """Eight bytes of each digest that a commit names; two alike only keep one more.

    Pages of all history name the same contents again and again: each stays here once.
    """
    live, waiting = np.empty(0, dtype=np.uint64), bytearray()
    for body in Page.objects.values_list("body", flat=True).iterator(AT_ONCE):
        waiting += b"".join(entry.sha256[:8] for entry in entries_from(bytes(body)))
        if len(waiting) >= 8 * SORTED_AT_ONCE:
            live, waiting = _joined(live, waiting), bytearray()
    return _joined(live, waiting)


def _joined(live: npt.NDArray[np.uint64], more: bytearray) -> npt.NDArray[np.uint64]:
    return np.unique(np.concatenate([live, np.frombuffer(bytes(more), dtype=np.uint64)]))


def _is_live(live: npt.NDArray[np.uint64], sha256: bytes) -> bool:
    beginning = np.frombuffer(sha256[:8], dtype=np.uint64)[0]
    place = int(np.searchsorted(live, beginning))
    return place < len(live) and bool(live[place] == beginning)


def _contents(
    live: npt.NDArray[np.uint64], cutoff: datetime, done: Collected, dry_run: bool
) -> None:
    """Old contents that no commit names. A commit renews the age of what it names, and the
    age is asked again under the row's lock."""
    old = Content.objects.filter(kept_at__lt=cutoff).values_list("pk", flat=True)
    dead = (key for key in map(bytes, old.iterator(AT_ONCE)) if not _is_live(live, key))
    for some in _batches(dead):
        if dry_run:
            done.contents += len(some)
            continue
        with transaction.atomic():
            rows = Content.objects.select_for_update().filter(pk__in=some, kept_at__lt=cutoff)
            keys = list(rows.values_list("pk", flat=True))
            Claim.objects.filter(content__in=keys).delete()
            done.contents += Content.objects.filter(pk__in=keys).delete()[0]


def _blocks(cutoff: datetime, done: Collected, dry_run: bool) -> None:
    """What is known of blocks that no client can remember any more."""
    old = ReceivedXorb.objects.filter(received_at__lt=cutoff)
    done.blocks = old.count()
    if not dry_run:
        XorbClaim.objects.filter(xorb__in=old).delete()
        old.delete()


def _used_places(
    live: npt.NDArray[np.uint64], cutoff: datetime, *, is_dry: bool
) -> dict[int, int]:
    """Of each pack a bit for each chunk: whether a kept content, or a block that a client may
    remember, needs it. A pack of which none is needed is not among them."""
    uses: dict[int, int] = defaultdict(int)
    contents = Content.objects.values_list("pk", "kept_at", "terms")
    for key, kept_at, terms in contents.iterator(AT_ONCE):
        if not is_dry or kept_at >= cutoff or _is_live(live, bytes(key)):
            for run in read(bytes(terms)):
                uses[run.pack] |= ((1 << (run.end - run.first)) - 1) << run.first
    blocks = ReceivedXorb.objects.filter(received_at__gte=cutoff)
    for hashes in blocks.values_list("hashes", flat=True).iterator(AT_ONCE_BLOCKS):
        raw = bytes(hashes)
        for some in _batches(raw[at : at + 32] for at in range(0, len(raw), 32)):
            rows = Chunk.objects.filter(hash__in=among(some)).values_list("pack_id", "place")
            for pack, place in rows:
                uses[pack] |= 1 << place
    return uses


def _half_dead(
    uses: dict[int, int], at: datetime, cutoff: datetime, done: Collected, dry_run: bool
) -> None:
    """Old packs of which little is needed: that little moves, and the pack is doomed."""
    rows = Pack.objects.filter(created_at__lt=cutoff, doomed_at=None)
    facts = rows.values_list("pk", "size_bytes", "ends").iterator(AT_ONCE_BLOCKS)
    found = half_dead(uses, ((pk, size, bytes(ends)) for pk, size, ends in facts))
    done.packs_rewritten = len(found)
    if dry_run:
        return
    contents = naming(found)
    for pack in found:
        try:
            done.bytes_moved += move_living(pack, uses[pack], contents.pop(pack), at=at)
        except ContentDamaged:
            done.packs_rewritten -= 1
            done.packs_damaged += 1


def _packs(
    held: Container[int], at: datetime, cutoff: datetime, done: Collected, dry_run: bool
) -> None:
    doomed = Q(doomed_at__isnull=False)
    rows = Pack.objects.filter(doomed | Q(created_at__lt=cutoff))
    facts = rows.values_list("pk", "size_bytes", "doomed_at")
    for pk, size, doomed_at in facts.iterator(AT_ONCE):
        if pk in held:
            if doomed_at is not None:
                done.packs_saved += 1
                if not dry_run:
                    _save(pk)
        elif doomed_at is None:
            done.packs_doomed += 1
            if not dry_run:
                _doom(pk, at)
        elif at - doomed_at >= DOOMED_FOR:
            done.packs_deleted += 1
            done.bytes_deleted += size
            if not dry_run:
                _delete(pk)


@transaction.atomic
def _doom(pk: int, at: datetime) -> None:
    """From now on nobody finds its chunks: what arrives is written anew."""
    Chunk.objects.filter(pack=pk).delete()
    Pack.objects.filter(pk=pk).update(doomed_at=at)


@transaction.atomic
def _save(pk: int) -> None:
    """An upload had found its chunks before it was doomed: they can be found again."""
    pack = Pack.objects.select_for_update().get(pk=pk)
    hashes = bytes(pack.hashes)
    Chunk.objects.bulk_create(
        (
            Chunk(hash=hashes[at : at + 32], pack=pack, place=at // 32)
            for at in range(0, len(hashes), 32)
        ),
        ignore_conflicts=True,
    )
    pack.doomed_at = None
    pack.save(update_fields=["doomed_at"])


def _delete(pk: int) -> None:
    """The row first: a crash between the two leaves a stray, which a later run finds."""
    pack = Pack.objects.get(pk=pk)
    name = bytes(pack.hash)
    pack.delete()
    objects.remove(name)


def _strays(cutoff: datetime, done: Collected, dry_run: bool) -> None:
    """Objects whose rows were never written, or are gone."""
    for some in _batches(_old_objects(cutoff)):
        names = {name for name, _, _ in some}
        known = Pack.objects.filter(hash__in=among(names)).values_list("hash", flat=True)
        held = set(map(bytes, known))
        for name, path, size in some:
            if name in held:
                continue
            done.strays += 1
            done.stray_bytes += size
            if not dry_run:
                obstore.delete(objects.objects(), path)


def _old_objects(cutoff: datetime) -> Iterator[tuple[Hash, str, int]]:
    for path, size, modified in objects.listed():
        try:
            name = hash_from(path.rpartition("/")[2])
        except HashMalformed:
            continue
        if modified < cutoff:
            yield name, path, size


def _batches(values: Iterable[T]) -> Iterator[Sequence[T]]:
    walked = iter(values)
    while some := list(islice(walked, AT_ONCE)):
        yield some
