"""Writing the living chunks of half-dead packs anew, so that what is dead can go with them.

The new pack is durable before a row names it. Contents then name the new places, all of one
pack in one transaction; whoever has read the old ones meanwhile still finds the old pack, which
is doomed and goes at least a day later, like any other.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from madang.datahub.contents.models import Chunk, Content, Pack
from madang.datahub.contents.packing import keep_rows, write_pack
from madang.datahub.contents.reading import checked_contents, layout_of
from madang.datahub.contents.terms import Place, Run, read, written

AT_ONCE = 500
DEAD_SHARE = 2
"""At most one byte in so many is needed: else moving costs more than it gives."""

Uses = Mapping[int, set[int]]
"""Of each pack, the places of the chunks that a kept content or a remembered block needs."""


def half_dead(uses: Uses, packs: Iterable[Pack]) -> list[Pack]:
    """Those of which something is needed, and no more than half."""
    return [pack for pack in packs if _is_half_dead(pack, uses.get(pack.pk, set()))]


def _is_half_dead(pack: Pack, needed: set[int]) -> bool:
    ends: tuple[int, ...] = struct.unpack(f"<{len(pack.ends) // 4}I", pack.ends)
    kept = sum(ends[place] - (ends[place - 1] if place else 0) for place in needed)
    return 0 < kept <= int(pack.size_bytes) // DEAD_SHARE


def naming(packs: Collection[int]) -> dict[int, list[bytes]]:
    """The contents that name a chunk of each of these packs: one reading of all."""
    found: dict[int, list[bytes]] = {pack: [] for pack in packs}
    rows = Content.objects.values_list("pk", "terms")
    for key, terms in rows.iterator(AT_ONCE):
        for pack in {run.pack for run in read(bytes(terms))} & found.keys():
            found[pack].append(bytes(key))
    return found


def move_living(
    pack: Pack, needed: set[int], contents_of: Sequence[bytes], *, at: datetime
) -> int:
    """The chunks in a pack of their own; every content names them there. How many bytes it has.

    Raises ContentDamaged: what does not verify is not moved.
    """
    layout, places = layout_of(pack.pk), sorted(needed)
    contents = [checked_contents(layout, place, place + 1)[0] for place in places]
    packed = write_pack(contents, [layout.hashes[place] for place in places])
    with transaction.atomic():
        Chunk.objects.filter(pack=pack).delete()
        (fresh,) = keep_rows([packed], at)
        moved = {
            place: Place(fresh, new, layout.lengths[place]) for new, place in enumerate(places)
        }
        for start in range(0, len(contents_of), AT_ONCE):
            some = contents_of[start : start + AT_ONCE]
            found = Content.objects.select_for_update().filter(pk__in=some)
            rows = [row for row in found if _is_moved(bytes(row.terms), pack.pk, moved)]
            for row in rows:
                row.terms = _renamed(bytes(row.terms), pack.pk, moved)
            Content.objects.bulk_update(rows, ["terms"])
        Pack.objects.filter(pk=pack.pk).update(doomed_at=at)
    return packed.ends[-1]


def _is_moved(terms: bytes, pack: int, moved: Mapping[int, Place]) -> bool:
    """Whether all that it names of the pack has moved. An upload since may have found what
    nobody needed: it goes on naming the old pack, which is then saved."""
    runs = (run for run in read(terms) if run.pack == pack)
    return all(place in moved for run in runs for place in range(run.first, run.end))


def _renamed(terms: bytes, pack: int, moved: Mapping[int, Place]) -> bytes:
    places: list[Place] = []
    for run in read(terms):
        places += _moved(run, moved) if run.pack == pack else _places(run)
    return written(places)


def _moved(run: Run, moved: Mapping[int, Place]) -> list[Place]:
    return [moved[place] for place in range(run.first, run.end)]


def _places(run: Run) -> list[Place]:
    lengths = layout_of(run.pack).lengths
    return [Place(run.pack, place, lengths[place]) for place in range(run.first, run.end)]
