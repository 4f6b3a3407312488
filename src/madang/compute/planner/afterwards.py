"""After the round: what was forecast against what the ledger or the engine says.

The actual side is a job table (sacct, SWF, …), or a ledger export: CSV with the columns `grant`
and `gpu_seconds`. A job table also tells waits; they are the engine's, from submission to
start, so waiting behind one's own jobs is in them and the forecast's delay is not more than
they are.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from madang.compute.planner import traces
from madang.compute.planner.errors import TableMalformed
from madang.compute.planner.model import HOUR_S

Band = tuple[float, float, float]
WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure: the forecast's 80 % and what came."""

    figure: str
    low: float
    middle: float
    high: float
    actual: float

    @property
    def inside(self) -> bool:
        return self.low <= self.actual <= self.high

    @property
    def error_percent(self) -> float:
        return 100 * (self.actual / self.middle - 1) if self.middle else math.nan

    def as_dict(self) -> dict[str, object]:
        error = self.error_percent
        told = None if math.isnan(error) else error
        return {**asdict(self), "inside": self.inside, "error_percent": told}


def _bad(path: Path, field: str, reason: str, line: int = 0) -> TableMalformed:
    return TableMalformed(file=str(path), line=line, field=field, reason=reason)


def _band(path: Path, plan: Mapping[str, object], part: str, field: str) -> Band:
    table = plan.get(part)
    values = table.get(field) if isinstance(table, dict) else None
    if not isinstance(values, dict):
        raise _bad(path, f"{part}.{field}", "not in this plan")
    low, middle, high = (
        _real(path, values, name, f"{part}.{field}.{name}")
        for name in ("low", "middle", "high")
    )
    return low, middle, high


def _real(path: Path, table: Mapping[str, object], name: str, field: str) -> float:
    value = table.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(number := float(str(value))):
        raise _bad(path, field, f"{value!r} is not a number")
    return number


def _ledger_card_s(path: Path, text: str) -> int | None:
    """Card-seconds of a ledger export; None when this is something else."""
    lines = text.splitlines()
    if not lines or "gpu_seconds" not in traces.header_of(lines[0]):
        return None
    try:
        return sum(_gpu_seconds(line, row) for line, row in traces.dict_rows(text))
    except traces.BadRow as bad:
        raise bad.of(path) from bad


def _gpu_seconds(line: int, row: Mapping[str | None, str | None]) -> int:
    """A reversal is a negative line."""
    value = row["gpu_seconds"] or ""
    if not WHOLE.fullmatch(value):
        raise traces.BadRow(line, "gpu_seconds", f"{value!r} is not a whole number")
    return int(value)


@dataclass(frozen=True, slots=True)
class Actual:
    """What came: card-seconds used, and waits in seconds where they are known."""

    card_s: float
    wait_s: Sequence[float] = ()
    told_on: date | None = None  # the day on which this was read; None: a file's, not known


def actual_in(path: Path) -> Actual:
    """A ledger export, or a job table in any of the formats of `traces`."""
    card_s = _ledger_card_s(path, traces.text_of(path))
    if card_s is not None:
        return Actual(card_s)
    jobs = traces.load(path)
    waits = jobs.wait_s[jobs.wait_s >= 0]
    return Actual(float((jobs.cards * jobs.run_s).sum()), waits.tolist())


def plan_in(path: Path) -> Mapping[str, object]:
    """Raises TableMalformed when this is not a plan."""
    try:
        plan = json.loads(traces.text_of(path))
    except (ValueError, RecursionError) as err:
        raise _bad(path, "", str(err), getattr(err, "lineno", 0)) from err
    if not isinstance(plan, dict) or "card_hours_asked" not in plan:
        raise _bad(path, "card_hours_asked", "this is not a plan")
    return plan


def period_of(path: Path) -> tuple[date, date]:
    """First and last day of a plan's round. Raises TableMalformed for a plan without them."""
    plan = plan_in(path)
    try:
        return date.fromisoformat(str(plan["from"])), date.fromisoformat(str(plan["until"]))
    except (KeyError, ValueError) as err:
        raise _bad(path, "from", "the plan does not say for which days") from err


def compare(forecast: Path, actual: Actual, part: str = "at_declared") -> list[Comparison]:
    """Used card-hours, and where the actual side knows them the P95 wait."""
    plan = plan_in(forecast)
    asked = _real(forecast, plan, "card_hours_asked", "card_hours_asked")
    low, middle, high = _band(forecast, plan, part, "unspent")
    used = (asked * (1 - high), asked * (1 - middle), asked * (1 - low))
    found = [Comparison("used_card_hours", *used, actual.card_s / HOUR_S)]
    if len(actual.wait_s):
        p95 = float(np.quantile(actual.wait_s, 0.95)) / HOUR_S
        bands = _band(forecast, plan, part, "p95_wait_h")
        found.append(Comparison("p95_wait_h", *bands, p95))
    return found
