"""Whole models on a chip: one decode step, and a verdict for every operator."""

from __future__ import annotations

from pathlib import Path

import click

from madang.chips.pim.system.operators import Operator, decode_step, read_config
from madang.chips.pim.system.step import StepReport, run_step
from madang.cli.chip_options import FILE, compat_option, device_from, device_option, set_option
from madang.cli.console import Answer, Console, Text, command
from madang.core.errors import WrongUsage


def operators_of(model: Path, context: int, batch: int) -> list[Operator]:
    if model.suffix == ".onnx":
        from madang.chips.pim.system.onnx_in import read_onnx  # heavy: only for ONNX files

        named = {"batch": batch, "batch_size": batch, "N": batch, "sequence": context}
        return read_onnx(model, named)
    return decode_step(read_config(model), context, batch)


def _numbers(text: str, name: str) -> list[int]:
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError as err:
        raise WrongUsage(reason=f"{name}: whole numbers with commas") from err
    if min(found) < 1:
        raise WrongUsage(reason=f"{name} begins at 1")
    return found


def step_lines(step: StepReport) -> list[str]:
    sizes = f"{Text('문맥', 'context')} {step.context} {Text('배치', 'batch')} {step.batch}"
    head = f"{step.device.name} {sizes}"
    ratio, bare = step.host_ns / step.time_ns, step.host_ns / 1e6
    without = Text("PIM 미사용", "without PIM")
    lines = [f"{head}: {step.time_ns / 1e6:.3f} ms, {without} {bare:.3f} ms ({ratio:.2f}x)"]
    for one in step.placed:
        name = f"{one.operator.name:16} x{one.operator.times:<4} {one.verdict:9}"
        lines.append(f"  {name} {one.chosen.time_ns / 1e3:10.2f} us  {one.why}")
    return lines + [f"! {note}" for note in step.notes]


@command(
    "model",
    ko="LLM 디코드 한 단계를 계산합니다.",
    en="One decode step of a model.",
    has_data=False,
)
@device_option
@click.option("--model", required=True, type=FILE, help="config.json or .onnx")
@click.option("--context", default="1024", help="tokens of context; several with commas")
@click.option("--batch", default="1", help="sequences; several with commas")
@click.option("--dtype", default="")
@compat_option
@set_option
def model_(
    _console: Console,
    device: str,
    model: Path,
    context: str,
    batch: str,
    dtype: str,
    compat: str | None,
    settings: tuple[str, ...],
) -> Answer:
    chosen = device_from(device, compat, settings)
    contexts, batches = _numbers(context, "--context"), _numbers(batch, "--batch")
    steps = [
        run_step(chosen, operators_of(model, c, b), context=c, batch=b, dtype=dtype)
        for c in contexts
        for b in batches
    ]
    lines = [line for step in steps for line in step_lines(step)]
    if len(steps) == 1:
        return Answer(steps[0].as_dict(), lines)
    pays = {
        str(c): max(
            (s.batch for s in steps if s.context == c and s.pim_only_ns > 0), default=None
        )
        for c in contexts
    }
    return Answer({"steps": [s.as_dict() for s in steps], "pim_pays_until_batch": pays}, lines)


@command(
    "check",
    ko="모델의 연산자별 판정",
    en="A verdict for every operator of a model.",
    has_data=False,
)
@click.argument("model", type=FILE)
@device_option
@click.option("--context", type=click.IntRange(1), default=1024)
@click.option("--batch", type=click.IntRange(1), default=1)
@compat_option
@set_option
def check_model(
    _console: Console,
    model: Path,
    device: str,
    context: int,
    batch: int,
    compat: str | None,
    settings: tuple[str, ...],
) -> Answer:
    chosen = device_from(device, compat, settings)
    step = run_step(chosen, operators_of(model, context, batch), context=context, batch=batch)
    verdicts = [
        {"name": p.operator.name, "verdict": p.verdict, "why": p.why, "times": p.operator.times}
        for p in step.placed
    ]
    data = {
        "device": chosen.spec.name,
        "fits": step.devices_needed <= 1,
        "devices_needed": step.devices_needed,
        "operators": verdicts,
    }
    lines = [f"{p.operator.name:20} {p.verdict:9} {p.why}" for p in step.placed]
    return Answer(data, lines)
