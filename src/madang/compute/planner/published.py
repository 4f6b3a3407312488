"""Our figures beside published ones: Muri simulated, Muri's test-bed, rounds' arithmetic.

A line is a figure of ours, the published one, how far they are apart and how far they may be.
Nothing is left out of the table because it misses.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

from madang.compute.planner.data import muri_text, rounds_text
from madang.compute.planner.muri import Policy, replay

FIGURES = ("mean_jct_s", "makespan_s", "p99_jct_s")
SIMULATED_PERCENT_MAX = 0.05
TESTBED_PERCENT_MAX = 2.5
Value = str | float | int


@dataclass(frozen=True, slots=True)
class Line:
    """One figure compared. `error_percent` is ours against theirs."""

    group: str
    name: str
    figure: str
    ours: float
    theirs: float
    error_percent: float
    allowed_percent: float

    @property
    def held(self) -> bool:
        return abs(self.error_percent) <= self.allowed_percent

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "held": self.held}


def line(
    group: str, name: str, figure: str, *, ours: float, theirs: float, allowed_percent: float
) -> Line:
    error = 100 * (ours / theirs - 1) if theirs else (0.0 if ours == theirs else float("inf"))
    return Line(group, name, figure, ours, theirs, error, allowed_percent)


def muri_lines() -> Iterator[Line]:
    """16 simulated runs and 2 of the test-bed, three figures each."""
    tables = tomllib.loads(muri_text("published.toml"))
    for group, allowed in (
        ("simulated", SIMULATED_PERCENT_MAX),
        ("testbed", TESTBED_PERCENT_MAX),
    ):
        for row in tables[group]:
            found = replay(row["trace"], cast("Policy", row["policy"]))
            for figure in FIGURES:
                yield line(
                    f"muri-{group}",
                    f"{row['trace']} {row['policy']}",
                    figure,
                    ours=getattr(found, figure),
                    theirs=row[figure],
                    allowed_percent=allowed,
                )


def round_lines() -> Iterator[Line]:
    """Sums and shares of published rounds, computed from their own parts."""
    tables = tomllib.loads(rounds_text())
    for one in tables["round"]:
        derived: list[tuple[str, float, float, float]] = [
            (
                "cards_asked",
                one["servers_asked"] * one["cards_per_server"],
                one["cards_asked"],
                0,
            ),
            (
                "cards_awarded",
                one["servers_awarded"] * one["cards_per_server"],
                one["cards_awarded"],
                0,
            ),
            (
                "sum of parts",
                sum(p["cards_awarded"] for p in one["part"]),
                one["cards_awarded"],
                0,
            ),
        ]
        derived += [
            (
                "awarded_share_percent",
                100 * p["cards_awarded"] / p["cards_asked"],
                p["awarded_share_percent"],
                0.2,
            )
            for p in (one, *one["part"])
            if "awarded_share_percent" in p
        ]
        for figure, ours, theirs, allowed in derived:
            yield line(
                "round",
                one["name"],
                figure,
                ours=ours,
                theirs=theirs,
                allowed_percent=allowed,
            )
    for one in tables["use"]:
        ours = 100 * one["cards_in_use"] / one["cards"]
        yield line(
            "round",
            one["name"],
            "use_percent",
            ours=ours,
            theirs=one["use_percent"],
            allowed_percent=1.5,
        )


def lines() -> list[Line]:
    return [*muri_lines(), *round_lines()]
