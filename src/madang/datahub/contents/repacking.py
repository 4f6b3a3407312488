"""Writing the living chunks of half-dead packs anew, so that what is dead can go with them.

The new pack is durable before a row names it. Contents then name the new places, all of one
pack in one transaction; whoever has read the old ones meanwhile still finds the old pack, which
is doomed and goes at least a day later, like any other.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from django.db import transaction

from madang.datahub.contents.among import among
from madang.datahub.contents.models import Chunk, Content, Pack
from madang.datahub.contents.packing import keep_rows, write_pack
from madang.datahub.contents.reading import checked_contents, layout_of
from madang.datahub.contents.rows import set_terms
from madang.datahub.contents.terms import Place, Run, read, written

AT_ONCE = 500
DEAD_SHARE = 2
"""At most one byte in so many is needed: else moving costs more than it gives."""

Uses = Mapping[int, int]
"""Of each pack a bit for each chunk: whether a kept content or a remembered block needs it."""


def half_dead(uses: Uses, packs: Iterable[tuple[int, int, bytes]]) -> list[int]:
    """Of packs by id, bytes and ends: those of which something, and no more than half, is
    needed."""
    return [pk for pk, size, ends in packs if _is_half_dead(size, ends, uses.get(pk, 0))]


def _is_half_dead(size: int, packed_ends: bytes, needed: int) -> bool:
    ends: tuple[int, ...] = struct.unpack(f"<{len(packed_ends) // 4}I", packed_ends)
    kept = sum(ends[place] - (ends[place - 1] if place else 0) for place in _places_in(needed))
    return 0 < kept <= size // DEAD_SHARE


def _places_in(needed: int) -> Iterator[int]:
    """Where its bits are, in order."""
    return (place for place in range(needed.bit_length()) if needed >> place & 1)


def naming(packs: Collection[int]) -> dict[int, bytearray]:
    """The contents that name a chunk of each of these packs, 32 bytes each: one reading of
    all."""
    found = {pack: bytearray() for pack in packs}
    rows = Content.objects.values_list("pk", "terms")
    for key, terms in rows.iterator(AT_ONCE):
        for pack in {run.pack for run in read(bytes(terms))} & found.keys():
            found[pack] += key
    return found


def move_living(pack: int, needed: int, contents_of: bytes | bytearray, *, at: datetime) -> int:
    """The chunks in a pack of their own; every content names them there. How many bytes it has.

    Raises ContentDamaged: what does not verify is not moved.
    """
    layout, places = layout_of(pack), list(_places_in(needed))
    contents = [checked_contents(layout, place, place + 1)[0] for place in places]
    packed = write_pack(contents, [layout.hashes[place] for place in places])
    with transaction.atomic():
        Chunk.objects.filter(pack=pack).delete()
        (fresh,) = keep_rows([packed], at)
        moved = {
            place: Place(fresh, new, layout.lengths[place]) for new, place in enumerate(places)
        }
        for some in _keys(contents_of):
            rows = Content.objects.select_for_update().filter(pk__in=among(some))
            found = rows.order_by("pk").values_list("pk", "terms")
            held = ((bytes(key), bytes(terms)) for key, terms in found)
            set_terms(
                [
                    (key, _renamed(terms, pack, moved))
                    for key, terms in held
                    if _is_moved(terms, pack, moved)
                ]
            )
        Pack.objects.filter(pk=pack).update(doomed_at=at)
    return packed.ends[-1]


def _keys(joined: bytes | bytearray) -> Iterator[list[bytes]]:
    """Some hundreds at a time of keys that stand one behind the other."""
    for start in range(0, len(joined), 32 * AT_ONCE):
        some = bytes(joined[start : start + 32 * AT_ONCE])
        yield [some[at : at + 32] for at in range(0, len(some), 32)]


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
