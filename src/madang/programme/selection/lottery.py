"""추첨 of a call, for everybody to check: what was fixed beforehand, and what came of it.

The seed's digest is public from the day on which the review begins, before anybody has scored;
the seed itself once the ranking is confirmed. A ticket is the SHA-256 of the seed, a colon and
the application's id, the smaller one first: an applicant works out the own one and finds it
among those that were drawn. To whoever does not know the id it tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from madang.core.errors import NotFound
from madang.review.panels.queries import panel_of
from madang.review.rankings.kernel import Line, digest, lottery_ticket
from madang.review.rankings.queries import last_confirmed, outputs_of
from madang.review.rules import LOTTERY


@dataclass(frozen=True, slots=True)
class Draw:
    """One application whose place the lot decided, without its name, score or rank."""

    ticket: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Lottery:
    seed_sha256: str
    seed: str
    """Empty until a ranking is confirmed."""
    draws: tuple[Draw, ...]


def lottery_of(call: UUID) -> Lottery | None:
    """Public. None before the review begins: nothing is drawn yet."""
    try:
        panel = panel_of("call", call)
    except NotFound:
        return None
    fixed, run = digest(panel.seed.encode()), last_confirmed(panel)
    if run is None:
        return Lottery(fixed, "", ())
    drawn = _by_lot(outputs_of(run).lines)
    draws = (Draw(lottery_ticket(panel.seed, one.subject), one.outcome) for one in drawn)
    return Lottery(fixed, panel.seed, tuple(draws))


def _by_lot(lines: Sequence[Line]) -> list[Line]:
    """Those that the lot set apart from a neighbour, in their order."""
    after = [*lines[1:], None]
    return [
        one
        for one, following in zip(lines, after, strict=True)
        if one.decided_by == LOTTERY or (following and following.decided_by == LOTTERY)
    ]
