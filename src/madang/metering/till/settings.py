"""How often the till looks, and how long it waits at most: each with its unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSettings:
    """`health_port` 0 takes a free one; which, DATA/run/till.port says."""

    ship_every_s: float = 0.05
    look_every_s: float = 1.0
    snapshot_every_s: float = 0.5
    purge_every_s: float = 600.0
    backoff_s_max: float = 5.0
    recall_s_max: float = 1.0
    flush_s_max: float = 20.0
    replays_waiting_max: int = 10_000
    health_port: int = 0


class Backoff:
    """A pause that doubles while things fail."""

    def __init__(self, least_s: float, most_s: float) -> None:
        self._least_s, self._most_s = least_s, most_s
        self.pause_s = least_s

    def grow(self) -> None:
        self.pause_s = min(self.pause_s * 2, self._most_s)

    def reset(self) -> None:
        self.pause_s = self._least_s
