"""`madang chips predict` and `validate`: published devices, and how far predictions are off."""

from __future__ import annotations

from madang.chips.predict import intervals, published, validate
from madang.chips.predict.chips import chip, with_changes
from madang.chips.predict.serving import DEFAULT, Job, Prediction, predict
from madang.chips.workloads.load import transformer
from madang.cli.chip_options import changes_from, option, set_option
from madang.cli.console import Answer, Console, Text, command
from madang.core.errors import WrongUsage


def batch_from(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal():
        raise WrongUsage(reason="--batch: a number or auto")
    return int(text)


def prediction_lines(one: Prediction) -> list[str]:
    low, high = intervals.interval(one)
    rate, per = Text("토큰/초", "tokens/s"), Text("ms/토큰", "ms a token")
    first = Text("첫 토큰", "first token")
    head = f"{one.chip.name} x{one.job.cards} {one.job.model.name} {one.job.dtype}"
    return [
        f"{head} {one.job.input_tokens}/{one.job.output_tokens}",
        f"{one.tokens_s:.1f} {rate} ({low:.0f} - {high:.0f})",
        f"{first} {one.prefill.total * 1e3:.1f} ms, {one.step.total * 1e3:.2f} {per}",
        f"{Text('배치', 'batch')} {one.batch} ({one.batch_source}), "
        f"{Text('한계', 'bound')} {one.bound}",
        *(f"! {words}" for words in one.assumptions),
    ]


@command(
    "predict",
    ko="공개된 장치의 LLM 처리량을 예측합니다.",
    en="How fast a published device serves a language model.",
    has_data=False,
)
@option("--device", required=True, ko="장치 이름", en="A device: RNGD, H100, Gaudi3, …")
@option(
    "--model", required=True, ko="모델 이름 또는 config.json", en="A name, or a config.json"
)
@option("--dtype", default="fp8", ko="가중치 형식", en="Format of the weights")
@option("--input", "input_tokens", required=True, type=int, ko="입력 토큰", en="Prompt tokens")
@option(
    "--output", "output_tokens", required=True, type=int, ko="출력 토큰", en="Answer tokens"
)
@option("--batch", default="auto", ko="배치 또는 auto", en="Sequences at once, or auto")
@option("--cards", type=int, default=1, ko="카드 수", en="Cards")
@option(
    "--uncalibrated", is_flag=True, ko="보정값을 쓰지 않습니다", en="Ignore a device's own fit"
)
@set_option
def predict_(
    _console: Console,
    device: str,
    model: str,
    dtype: str,
    input_tokens: int,
    output_tokens: int,
    batch: str,
    cards: int,
    uncalibrated: bool,
    settings: tuple[str, ...],
) -> Answer:
    changes = {name: float(value or 0) for name, value in changes_from(settings).items()}
    chosen = with_changes(chip(device), changes)
    job = Job(transformer(model), dtype, input_tokens, output_tokens, batch_from(batch), cards)
    efficiency = DEFAULT if uncalibrated else published.efficiency_for(chosen.name)
    found = predict(chosen, job, efficiency)
    return Answer(intervals.as_dict(found), prediction_lines(found))


def _target_lines(rows: list[validate.Target]) -> list[str]:
    held, missed = Text("지킴", "held"), Text("못 지킴", "MISSED")
    return [
        f"{held if one.held else missed}  {100 * one.mean_error:5.1f} % <= "
        f"{100 * one.limit:.0f} %  {one.name} ({one.rows})"
        for one in rows
    ]


@command(
    "validate",
    ko="예측과 공개된 결과를 비교합니다.",
    en="Predicted against published: every row, its source, its error.",
    has_data=False,
)
@option("--refit", is_flag=True, ko="보정을 다시 계산합니다", en="Search the fits again")
def validate_(_console: Console, refit: bool) -> Answer:
    rows = validate.lines()
    targets = validate.targets(rows)
    missed = validate.misses(rows)
    data: dict[str, object] = {
        "rows": [one.as_dict() for one in rows],
        "targets": [one.as_dict() for one in targets],
        "misses": [one.id for one in missed],
        "default": {
            "compute": DEFAULT.compute,
            "bandwidth": DEFAULT.bandwidth,
            "layer_overhead_us": DEFAULT.layer_overhead_us,
            "fitted_on": published.DEFAULT_FITTED_ON,
        },
    }
    if refit:
        data["refit"] = {device: _same_fit(device) for device in published.FITTED_CHIPS}
    lines = [
        f"{one.suite:17} {one.device:13} {one.id:38.38} {one.published:>11.2f} "
        f"{one.predicted or float('nan'):>11.2f} {_percent(one.error)} {one.standing}"
        for one in rows
    ]
    far = Text("25 % 넘게 벗어난 행", "rows off by more than 25 %")
    return Answer(data, [*lines, f"{far}: {len(missed)}", *_target_lines(targets)])


def _percent(error: float | None) -> str:
    return "      -" if error is None else f"{100 * error:+6.1f} %"


def _same_fit(device: str) -> dict[str, object]:
    found = published.fit(device, published.rows_to_fit(device))
    stored = published.CALIBRATED[device]
    return {
        "compute": found.compute,
        "bandwidth": found.bandwidth,
        "layer_overhead_us": found.layer_overhead_us,
        "cache_bytes": found.cache_bytes,
        "same_as_stored": (found.compute, found.bandwidth, found.layer_overhead_us)
        == (stored.compute, stored.bandwidth, stored.layer_overhead_us),
    }
