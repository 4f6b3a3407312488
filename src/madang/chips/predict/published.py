"""Published results as rows with an id, and the fits that some of them carry.

A fit searches a small grid for the least mean absolute error on its own rows; those rows are
listed in the result and never count towards a target. Rows of one device that were not fitted
are held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from madang.chips.predict.chips import Chip, chip, table
from madang.chips.predict.serving import DEFAULT, Efficiency, Job, predict
from madang.chips.workloads.load import known

COMPUTE = tuple(x / 100 for x in range(40, 100, 5))
BANDWIDTH = tuple(x / 100 for x in range(55, 100, 5))
OVERHEAD_US = (0.0, 20.0, 50.0, 100.0)
CACHE_BYTES = (1, 2)
FITTED_MODELS = ("llama2-7b", "mistral-7b")
FITTED_CHIPS = ("Gaudi2", "Gaudi3")
DEFAULT_FITTED_ON = "H200"


@dataclass(frozen=True, slots=True)
class Row:
    """One published throughput. `job` None: not said well enough to predict."""

    id: str
    chip: str
    cards: int | None
    model: str
    precision: str
    input_tokens: int | None
    output_tokens: int | None
    batch: int | None
    tokens_s: float
    software: str
    source: str
    mark: str
    note: str

    def device(self) -> Chip:
        return chip(self.chip)

    def job(self) -> Job | None:
        if self.cards is None or self.input_tokens is None or self.output_tokens is None:
            return None
        return Job(
            known(self.model),
            self.precision,
            self.input_tokens,
            self.output_tokens,
            self.batch,
            self.cards,
        )


def _integer(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


@cache
def throughput() -> tuple[Row, ...]:
    found = []
    for number, row in enumerate(table("llm-throughput.csv"), start=1):
        words = (row["chip"], row["cards"] or "?", row["model"], row["input_len"])
        found.append(
            Row(
                f"{number}:{'/'.join((*words, row['output_len']))}",
                row["chip"],
                _integer(row["cards"]),
                row["model"],
                row["precision"],
                _integer(row["input_len"]),
                _integer(row["output_len"]),
                _integer(row["batch"]),
                float(row["output_tokens_per_s"]),
                row["software"],
                row["source"],
                row["mark"],
                row["note"],
            )
        )
    return tuple(found)


def mean_error(rows: Sequence[Row], efficiency: Efficiency) -> float:
    errors = []
    for row in rows:
        job = row.job()
        assert job is not None
        errors.append(abs(predict(row.device(), job, efficiency).tokens_s / row.tokens_s - 1))
    return sum(errors) / len(errors)


def fit(name: str, rows: Sequence[Row]) -> Efficiency:
    """The point of the grid with the least mean absolute error; the first of equals."""
    ids = tuple(row.id for row in rows)
    grid = product(COMPUTE, BANDWIDTH, OVERHEAD_US, CACHE_BYTES)
    points = [Efficiency(name, c, b, t, width, rows=ids) for c, b, t, width in grid]
    return min(points, key=lambda one: mean_error(rows, one))


def rows_to_fit(device: str) -> list[Row]:
    """Two models on one card; a third model and several cards are held out."""
    return [
        row
        for row in throughput()
        if row.chip == device and row.cards == 1 and row.model in FITTED_MODELS
    ]


CALIBRATED: dict[str, Efficiency] = {
    "Gaudi2": Efficiency("Gaudi2, fitted", 0.80, 0.75, 50.0, 1),
    "Gaudi3": Efficiency("Gaudi3, fitted", 0.45, 0.70, 50.0, 1),
}
"""What `fit` finds; `madang chips validate --refit` searches again and a test compares."""


def calibrated(device: str) -> Efficiency | None:
    """The stored fit of a device, with the rows that it was fitted on."""
    stored = CALIBRATED.get(device)
    if stored is None:
        return None
    ids = tuple(row.id for row in rows_to_fit(device))
    return Efficiency(
        stored.name,
        stored.compute,
        stored.bandwidth,
        stored.layer_overhead_us,
        stored.cache_bytes,
        rows=ids,
    )


def efficiency_for(device: str) -> Efficiency:
    """A device's own fit where there is one, else the default."""
    return calibrated(device) or DEFAULT
