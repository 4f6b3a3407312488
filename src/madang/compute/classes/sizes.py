"""Size classes: medium by cards, large by whole servers or by petaflops.

Petaflops become cards by what the class declares: teraflops per card at one precision, rounded
up to a card, and to a server where only whole servers are given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from madang.compute.classes.models import GpuClass, SizeClass
from madang.compute.errors import ClassSizeInvalid, PetaflopsInvalid
from madang.core.clock import seoul_day_ends, seoul_day_starts

TERAFLOPS_PER_PETAFLOPS = 1000
DECIMALS_MAX = 3
_PETAFLOPS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Conversion:
    """How so many teraflops of a class become cards, and GPU-seconds from a day to a day."""

    teraflops: int
    precision: str
    teraflops_per_card: int
    cards: int
    gpu_seconds: int

    def as_data(self) -> dict[str, object]:
        return {
            "petaflops": petaflops_text(self.teraflops),
            "precision": self.precision,
            "teraflops_per_card": self.teraflops_per_card,
            "cards": self.cards,
            "gpu_seconds": self.gpu_seconds,
        }


def size_of(declared: str, *, cards_max: int, whole_servers: bool, medium_max: int) -> str:
    """What was declared, or what the other terms make it."""
    if declared:
        return declared
    is_medium = cards_max <= medium_max and not whole_servers
    return SizeClass.MEDIUM if is_medium else SizeClass.LARGE


def check_size(
    size: str, *, cards_max: int, whole_servers: bool, teraflops_per_card: int, medium_max: int
) -> None:
    """Raises ClassSizeInvalid: a size that is declared must be what the terms say."""
    if size == SizeClass.MEDIUM and (whole_servers or cards_max > medium_max):
        raise ClassSizeInvalid(field="size", reason=f"medium: 1 to {medium_max} cards")
    if size == SizeClass.LARGE and not (whole_servers or teraflops_per_card):
        raise ClassSizeInvalid(field="size", reason="large: whole servers, or by petaflops")


def teraflops_in(petaflops: str) -> int:
    """`20`, `2.5`: whole teraflops, from decimal text. Raises PetaflopsInvalid."""
    if not _PETAFLOPS.fullmatch(petaflops):
        raise PetaflopsInvalid(field="petaflops", reason="not a number with three decimals")
    whole, _, part = petaflops.partition(".")
    found = int(whole) * TERAFLOPS_PER_PETAFLOPS + int(part.ljust(DECIMALS_MAX, "0"))
    if found == 0:
        raise PetaflopsInvalid(field="petaflops", reason="not positive")
    return found


def petaflops_text(teraflops: int) -> str:
    whole, part = divmod(teraflops, TERAFLOPS_PER_PETAFLOPS)
    return f"{whole}.{part:0{DECIMALS_MAX}d}".rstrip("0").rstrip(".")


def cards_for(gpu_class: GpuClass, teraflops: int) -> int:
    """Raises PetaflopsInvalid when the class declares no teraflops per card."""
    per_card = gpu_class.teraflops_per_card
    if not per_card:
        raise PetaflopsInvalid(field="gpu_class", reason="it declares no teraflops per card")
    cards = -(-teraflops // per_card)
    if gpu_class.whole_servers:
        cards = -(-cards // gpu_class.cards_per_server) * gpu_class.cards_per_server
    return cards


def cards_of(gpu_class: GpuClass, cards: int | None, petaflops: str | None) -> int:
    """As given, or as the petaflops make them. Raises PetaflopsInvalid unless one is given."""
    if (cards is None) == (petaflops is None):
        raise PetaflopsInvalid(field="petaflops", reason="give either cards or petaflops")
    if cards is not None:
        return cards
    assert petaflops is not None, "one of the two is given"
    return cards_for(gpu_class, teraflops_in(petaflops))


def converted(
    gpu_class: GpuClass, teraflops: int, *, starts_on: date, ends_on: date
) -> Conversion:
    """Cards for all the days of a grant, and the GPU-seconds of these cards from the first day
    to the last, in Seoul. Raises PetaflopsInvalid when the class declares none."""
    cards = cards_for(gpu_class, teraflops)
    lasts = seoul_day_ends(ends_on) - seoul_day_starts(starts_on)
    gpu_seconds = cards * round(lasts.total_seconds())
    return Conversion(
        teraflops, gpu_class.precision, gpu_class.teraflops_per_card, cards, gpu_seconds
    )
