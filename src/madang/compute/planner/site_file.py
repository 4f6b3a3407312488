"""A site for planning, as a TOML file.

```toml
[site]
name = "gwangju"
node_cards = 8                       # cards of one node
won_per_card_month = 3_000_000       # what an open card costs the programme
teraflops_per_card = 989             # when applications ask for petaflops

[[stage]]                            # nodes that are open from that day on, in all
opens_on = 2026-03-01
nodes = 66

[[maintenance]]                      # nodes taken out; jobs that run on them go on
from = 2026-06-01
until = 2026-06-03
nodes = 8

[failure]                            # of one node, on average; jobs on it start again
days_between = 180
repair_hours = 24
checkpoints = true                   # jobs that were stopped go on where they were
```
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from madang.compute.planner.errors import SiteMalformed
from madang.compute.planner.sim.state import NODE_CARDS_MAX
from madang.compute.planner.traces import text_of

NODES_MAX = 100_000
AMOUNT_MAX = 1e12
KEYS = {
    "": ("site", "stage", "maintenance", "failure"),
    "site": ("name", "node_cards", "won_per_card_month", "teraflops_per_card"),
    "stage": ("opens_on", "nodes"),
    "maintenance": ("from", "until", "nodes"),
    "failure": ("days_between", "repair_hours", "checkpoints"),
}
"""What a file and its tables may say; anything else is a slip, and would be lost in silence."""

FAILURE_DAYS_MIN = 0.1
"""A node that fails more often than that is no node, and a plan of it would not end."""


@dataclass(frozen=True, slots=True)
class Stage:
    opens_on: date
    nodes: int


@dataclass(frozen=True, slots=True)
class Maintenance:
    starts_on: date
    until: date
    nodes: int


@dataclass(frozen=True, slots=True)
class SiteFile:
    name: str
    node_cards: int
    stages: tuple[Stage, ...]
    maintenance: tuple[Maintenance, ...] = ()
    failure_days_between: float = 0.0  # 0: nodes do not fail
    repair_hours: float = 24.0
    checkpoints: bool = True
    won_per_card_month: int = 0
    teraflops_per_card: float = 0.0  # 0: nobody can ask for petaflops

    @property
    def nodes(self) -> int:
        return max(stage.nodes for stage in self.stages)

    @property
    def cards(self) -> int:
        return self.nodes * self.node_cards

    def nodes_on(self, day: date) -> int:
        """Nodes that are open on a day; maintenance not taken off."""
        return max((one.nodes for one in self.stages if one.opens_on <= day), default=0)

    def of_size(self, nodes: int, opens_on: date) -> SiteFile:
        """The same site with so many nodes from one day on."""
        return replace(self, stages=(Stage(opens_on, nodes),))


def load(path: Path) -> SiteFile:
    """Raises SiteMalformed with the field."""
    try:
        raw = tomllib.loads(text_of(path))
    except (ValueError, RecursionError) as err:
        raise SiteMalformed(file=str(path), field="", reason=str(err)) from err
    reader = _Reader(str(path))
    reader.known(raw, "")
    site = reader.table(raw, "site")
    stages = tuple(
        Stage(reader.day(one, "opens_on"), reader.whole(one, "nodes", NODES_MAX))
        for one in reader.tables(raw, "stage")
    )
    if not stages:
        raise reader.bad("stage", "at least one is needed")
    ordered = tuple(sorted(stages, key=lambda one: one.opens_on))
    if [one.nodes for one in ordered] != sorted(one.nodes for one in ordered):
        raise reader.bad("stage.nodes", "a later stage has fewer nodes than an earlier one")
    failure = reader.table(raw, "failure") if "failure" in raw else {}
    return SiteFile(
        name=str(site.get("name") or path.stem),
        node_cards=reader.whole(site, "node_cards", NODE_CARDS_MAX),
        stages=ordered,
        maintenance=tuple(reader.maintenance(one) for one in reader.tables(raw, "maintenance")),
        failure_days_between=reader.days_between(failure),
        repair_hours=reader.amount(failure, "repair_hours", 24.0),
        checkpoints=reader.flag(failure, "checkpoints", otherwise=True),
        won_per_card_month=reader.won(site, "won_per_card_month"),
        teraflops_per_card=reader.amount(site, "teraflops_per_card", 0.0),
    )


class _Reader:
    """Fields of one file, refused with the file's name."""

    def __init__(self, file: str) -> None:
        self.file = file

    def bad(self, field: str, reason: str) -> SiteMalformed:
        return SiteMalformed(file=self.file, field=field, reason=reason)

    def table(self, raw: Mapping[str, object], name: str) -> Mapping[str, object]:
        value = raw.get(name)
        if not isinstance(value, dict):
            raise self.bad(name, "not a table")
        self.known(value, name)
        return value

    def tables(self, raw: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
        value = raw.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.bad(name, "not a list of tables")
        for one in value:
            self.known(one, name)
        return value

    def known(self, table: Mapping[str, object], name: str) -> None:
        """Refuse a key that the table does not have, with the nearest that it has."""
        for key in table:
            if key not in KEYS[name]:
                (nearest,) = difflib.get_close_matches(key, KEYS[name], 1, 0.0)
                field = f"{name}.{key}" if name else key
                raise self.bad(field, f"no such key; the nearest is {nearest}")

    def day(self, table: Mapping[str, object], field: str) -> date:
        value = table.get(field)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError as err:
            raise self.bad(field, f"{value!r} is not a day") from err

    def whole(self, table: Mapping[str, object], field: str, top: int) -> int:
        value = table.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= top:
            raise self.bad(field, f"{value!r} is not a whole number from 1 to {top}")
        return value

    def amount(self, table: Mapping[str, object], field: str, otherwise: float) -> float:
        value = table.get(field, otherwise)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= float(str(value)) <= AMOUNT_MAX:
            raise self.bad(field, f"{value!r} is not a number from 0 to {AMOUNT_MAX:g}")
        return float(str(value))

    def won(self, table: Mapping[str, object], field: str) -> int:
        value = self.amount(table, field, 0.0)
        if not value.is_integer():
            raise self.bad(field, f"{value!r} is not a whole number of won")
        return int(value)

    def days_between(self, table: Mapping[str, object]) -> float:
        """0: nodes do not fail."""
        value = self.amount(table, "days_between", 0.0)
        if 0 < value < FAILURE_DAYS_MIN:
            reason = f"{value!r} is less than {FAILURE_DAYS_MIN}; 0 says that nodes do not fail"
            raise self.bad("days_between", reason)
        return value

    def flag(self, table: Mapping[str, object], field: str, *, otherwise: bool) -> bool:
        value = table.get(field, otherwise)
        if not isinstance(value, bool):
            raise self.bad(field, f"{value!r} is neither true nor false")
        return value

    def maintenance(self, table: Mapping[str, object]) -> Maintenance:
        found = Maintenance(
            self.day(table, "from"),
            self.day(table, "until"),
            self.whole(table, "nodes", NODES_MAX),
        )
        if found.until <= found.starts_on:
            raise self.bad("maintenance.until", "not after its beginning")
        return found
