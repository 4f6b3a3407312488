"""Predicted against published: every row with its source, its error, and whether it was fitted.

Targets count held-out rows only. Rows that cannot be predicted stay in the table with the
reason. Nothing is dropped because it is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from madang.chips.predict import kernels, published
from madang.chips.predict.chips import Chip, chip, table
from madang.chips.predict.serving import DEFAULT, Efficiency, Job, predict
from madang.chips.workloads.graph import JsonValue
from madang.chips.workloads.load import known, load
from madang.core.errors import Refused

Standing = Literal["fitted", "held out", "default", "default fitted", "not predicted"]
FAR = 0.25


@dataclass(frozen=True, slots=True)
class Line:
    """One published number beside ours. `error` is ours over theirs, less one."""

    id: str
    suite: str
    device: str
    cards: int
    published: float
    predicted: float | None
    unit: str
    standing: Standing
    efficiency: str
    batch: int | None
    batch_source: str
    source: str
    mark: str
    note: str

    @property
    def error(self) -> float | None:
        return None if self.predicted is None else self.predicted / self.published - 1

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "error": self.error,
            "calibrated": self.standing in ("fitted", "held out"),
        }


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    limit: float
    mean_error: float
    rows: int

    @property
    def held(self) -> bool:
        return self.mean_error <= self.limit

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "limit": self.limit,
            "mean_absolute_error": self.mean_error,
            "rows": self.rows,
            "held": self.held,
        }


def throughput_lines() -> list[Line]:
    """Every published row; where a device has a fit, also with the default."""
    found = []
    for row in published.throughput():
        fitted = published.calibrated(row.chip)
        if fitted is not None:
            found.append(_line(row, fitted))
        found.append(_line(row, DEFAULT))
    return found


def _standing(row: published.Row, efficiency: Efficiency) -> Standing:
    if efficiency.name == DEFAULT.name:
        return "default fitted" if row.chip == published.DEFAULT_FITTED_ON else "default"
    return "fitted" if row.id in efficiency.rows else "held out"


def _line(row: published.Row, efficiency: Efficiency) -> Line:
    job, why = row.job(), row.note
    predicted = batch = None
    source = "published" if row.batch else "what memory holds"
    if job is None:
        why = "; ".join(part for part in (row.note, "lengths or cards not stated") if part)
    else:
        try:
            found = predict(row.device(), job, efficiency)
            predicted, batch = found.tokens_s, found.batch
        except Refused as refused:
            why = refused.sentence()
    return Line(
        row.id,
        "llm throughput",
        row.chip,
        row.cards or 0,
        row.tokens_s,
        predicted,
        "token/s",
        "not predicted" if predicted is None else _standing(row, efficiency),
        efficiency.name,
        batch,
        source,
        row.source,
        row.mark,
        why,
    )


def latency_lines() -> list[Line]:
    """First token at batch 1: the prompt and one overhead a layer."""
    found = []
    for number, row in enumerate(table("llm-latency.csv"), start=1):
        device, cards = chip(row["chip"]), int(row["cards"])
        job = Job(known(row["model"]), row["precision"], int(row["input_len"]), 1, 1, cards)
        efficiency = published.efficiency_for(row["chip"])
        one = predict(device, job, efficiency)
        ours = (one.prefill.total + one.step.overhead) * 1e3
        found.append(
            _simple(
                f"latency {number}:{row['model']}/{row['input_len']}",
                "llm latency",
                row["chip"],
                float(row["latency_ms"]),
                ours,
                "ms",
                row["source"],
                standing="held out",
                cards=cards,
                efficiency=efficiency.name,
            )
        )
    return found


def _simple(
    name: str,
    suite: str,
    device: str,
    theirs: float,
    ours: float,
    unit: str,
    source: str,
    *,
    standing: Standing,
    cards: int = 1,
    efficiency: str = "",
    note: str = "",
) -> Line:
    batch_source = "given"
    return Line(
        name, suite, device, cards, theirs, ours, unit, standing, efficiency, None,
        batch_source, source, "read", note,
    )  # fmt: skip


def kernel_lines() -> list[Line]:
    """Products: fitted on every second row; all-reduces: fitted, and used for every link."""
    found = []
    for device in ("A100", "MI210"):
        rows = kernels.gemms(device)
        fitted = kernels.fit(rows[::2])
        words = f"{fitted.share:.2f} of peak, {fitted.overhead_us:.0f} us"
        for i, one in enumerate(rows):
            found.append(
                _simple(
                    one.id,
                    "gemm",
                    device,
                    one.measured_s * 1e3,
                    kernels.seconds(one, fitted) * 1e3,
                    "ms",
                    one.source,
                    standing="held out" if i % 2 else "fitted",
                    efficiency=words,
                )
            )
    reduces = kernels.all_reduces()
    share, latency = kernels.fit_reduces(reduces)
    for reduced in reduces:
        ours = kernels.reduce_seconds(reduced.bytes, 4, share, latency)
        found.append(
            _simple(
                f"all-reduce {reduced.bytes} B",
                "all-reduce",
                "A100",
                reduced.measured_s * 1e6,
                ours * 1e6,
                "us",
                reduced.source,
                standing="fitted",
                cards=4,
                efficiency=f"{share:.2f} of the link, {latency:.0f} us",
            )
        )
    return found


def vision_lines() -> list[Line]:
    """ResNet-50 Offline of Korean NPUs at the default share of peak compute: no fit at all."""
    operations = 2.0 * load("resnet50").macs
    names = {"Warboy": "Warboy", "X220-compact": "X220-compact", "ATOM": "ATOM"}
    found = []
    for row in table("mlperf.csv"):
        if row["benchmark"] != "resnet50" or row["metric"] != "samples_per_s":
            continue
        device = names.get(row["system"])
        if device is None:
            continue
        ours = chip(device).number("a prediction", "peak_int8") * DEFAULT.compute / operations
        found.append(
            _simple(
                f"MLPerf {row['round']} {row['system']} {row['scenario']}",
                "vision throughput",
                device,
                float(row["value"]),
                ours,
                "image/s",
                row["source"],
                standing="default",
                efficiency=f"{DEFAULT.compute:.2f} of peak int8",
                note="peak from memory" if _is_recalled(chip(device)) else "",
            )
        )
    return found


def _is_recalled(one: Chip) -> bool:
    held = one.find("peak_int8")
    return held is not None and held.mark != "read"


def lines() -> list[Line]:
    return [*throughput_lines(), *latency_lines(), *kernel_lines(), *vision_lines()]


def _mean(rows: Iterable[Line]) -> tuple[float, int]:
    errors = [abs(one.error) for one in rows if one.error is not None]
    return (sum(errors) / len(errors) if errors else float("nan")), len(errors)


def targets(rows: Sequence[Line]) -> list[Target]:
    """What was promised, on rows that nothing was fitted on."""
    llm = [one for one in rows if one.suite == "llm throughput"]
    fitted = published.FITTED_CHIPS
    wanted: list[tuple[str, float, Callable[[Line], bool]]] = [
        *(
            (
                f"{device}, one card, another model than fitted",
                0.12,
                lambda one, device=device: (
                    one.device == device and one.cards == 1 and one.standing == "held out"
                ),
            )
            for device in fitted
        ),
        (
            "GPUs, one card, default, not the fitted device",
            0.15,
            lambda one: (
                one.cards == 1 and one.standing == "default" and one.device not in fitted
            ),
        ),
        (
            "every device, one card, default",
            0.15,
            lambda one: one.cards == 1 and one.standing == "default",
        ),
        (
            "several cards, nothing fitted on several cards",
            0.20,
            lambda one: (
                one.cards > 1
                and (
                    one.standing == "held out"
                    or (one.standing == "default" and one.device not in fitted)
                )
            ),
        ),
    ]
    found = []
    for name, limit, chosen in wanted:
        error, count = _mean(one for one in llm if chosen(one))
        found.append(Target(name, limit, error, count))
    gemms = [one for one in rows if one.suite == "gemm" and one.device == "A100"]
    error, count = _mean(one for one in gemms if one.standing == "held out")
    return [
        *found,
        Target("A100 matrix products, every second row held out", 0.10, error, count),
    ]


def misses(rows: Iterable[Line]) -> list[Line]:
    """Rows that are off by more than a quarter, fitted or not."""
    return [one for one in rows if one.error is not None and abs(one.error) > FAR]
