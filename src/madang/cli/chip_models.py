"""Whole models on a chip: one decode step, and a verdict for every operator."""

from __future__ import annotations

from pathlib import Path

import click

from madang.chips.pim.system.load import decode
from madang.chips.pim.system.many import WAYS, Split
from madang.chips.pim.system.step import StepReport
from madang.chips.pim.system.verdicts import Checked, check
from madang.cli.chip_options import (
    FILE,
    compat_option,
    device_from,
    device_option,
    option,
    set_option,
    told,
)
from madang.cli.console import Answer, Console, Text, command
from madang.core.errors import WrongUsage


def _numbers(text: str, name: str) -> list[int]:
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError as err:
        raise WrongUsage(reason=f"{name}: whole numbers with commas") from err
    if min(found) < 1:
        raise WrongUsage(reason=f"{name} begins at 1")
    return found


def _dimensions(given: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in given:
        name, equals, size = one.rpartition("=")
        if not equals or not size.isdecimal():
            raise WrongUsage(reason=f"--dim {one}: NAME=SIZE")
        found[name] = int(size)
    return found


def step_lines(step: StepReport) -> list[str]:
    sizes = f"{Text('문맥', 'context')} {step.context} {Text('배치', 'batch')} {step.batch}"
    head = f"{step.device.name} {sizes}"
    ratio, bare = step.host_ns / step.time_ns, step.host_ns / 1e6
    without = Text("PIM 미사용", "without PIM")
    lines = [f"{head}: {step.time_ns / 1e6:.3f} ms, {without} {bare:.3f} ms ({ratio:.2f}x)"]
    for one in step.placed:
        name = f"{one.operator.name:16} x{one.operator.times:<4} {told(one.verdict):9}"
        lines.append(f"  {name} {one.time_ns / 1e3:10.2f} us  {told(one.why)}")
    facts = step.layout()
    moved = sum(float(facts[k] or 0) for k in ("relayout_ns", "readback_ns"))
    words = Text("데이터 이동", "data moved beside the kernels")
    lines.append(f"  {words}: {moved / 1e3:.2f} us ({told(str(facts['layout']))})")
    return lines + [f"! {told(note)}" for note in step.notes]


@command(
    "model",
    ko="LLM 디코드 한 단계를 계산합니다.",
    en="One decode step of a model.",
    has_data=False,
)
@device_option
@option("--model", required=True, type=FILE, ko="모델 파일", en="config.json or .onnx")
@option("--context", default="1024", ko="문맥 길이", en="Tokens of context")
@option("--batch", default="1", ko="배치", en="Vectors or sequences")
@option("--dtype", default="", ko="수 형식", en="Number format")
@option("--devices", type=click.IntRange(1), default=1, ko="장치 수", en="Devices")
@option(
    "--split",
    type=click.Choice(WAYS),
    default="tensor",
    ko="나누는 방식",
    en="Share outputs and heads, or layers",
)
@option("--link-gb-s", type=float, ko="장치 사이 대역폭 GB/s", en="Link bandwidth, GB/s")
@option("--link-ns", type=float, default=0.0, ko="장치 사이 지연 ns", en="Link latency, ns")
@compat_option
@set_option
def model_(
    _console: Console,
    device: str,
    model: Path,
    context: str,
    batch: str,
    dtype: str,
    devices: int,
    split: str,
    link_gb_s: float | None,
    link_ns: float,
    compat: str | None,
    settings: tuple[str, ...],
) -> Answer:
    chosen = device_from(device, compat, settings)
    shared = Split(devices, split, link_gb_s, link_ns)
    contexts, batches = _numbers(context, "--context"), _numbers(batch, "--batch")
    steps = [
        decode(chosen, model, context=c, batch=b, dtype=dtype, split=shared)
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


def verdict_lines(found: Checked) -> list[str]:
    words = ", ".join(f"{told(name)} {count}" for name, count in found.counts.items())
    lines = [f"{found.device}: {words}"]
    for one in found.verdicts:
        lines.append(f"  {one.name:24} {one.operator:18} {told(one.verdict):9} {told(one.why)}")
        if "-" not in (one.limit, one.nearest):
            nearest = Text("가장 가까운 값", "nearest that works")
            lines.append(
                f"  {'':53}{Text('한계', 'limit')} {told(one.limit)}; "
                f"{nearest}: {told(one.nearest)}"
            )
    if found.devices_needed is not None and found.devices_needed > 1:
        needed = Text("필요한 장치 수", "devices needed")
        longest = Text("한 장치의 최대 문맥", "longest context on one")
        lines.append(f"! {needed}: {found.devices_needed}; {longest}: {found.context_max}")
    return lines


@command(
    "check",
    ko="모델의 연산자별 판정",
    en="A verdict for every operator of a model.",
    has_data=False,
)
@click.argument("model", type=FILE)
@device_option
@option(
    "--context", type=click.IntRange(1), default=1024, ko="문맥 길이", en="Tokens of context"
)
@option("--batch", type=click.IntRange(1), default=1, ko="배치", en="Vectors or sequences")
@option("--dtype", default="", ko="수 형식", en="Number format")
@option(
    "--dim",
    "dims",
    multiple=True,
    metavar="NAME=SIZE",
    ko="열린 차원의 크기",
    en="Size of an open dimension",
)
@compat_option
@set_option
def check_model(
    _console: Console,
    model: Path,
    device: str,
    context: int,
    batch: int,
    dtype: str,
    dims: tuple[str, ...],
    compat: str | None,
    settings: tuple[str, ...],
) -> Answer:
    chosen = device_from(device, compat, settings)
    sizes = _dimensions(dims)
    found = check(chosen, model, context=context, batch=batch, dtype=dtype, dims=sizes)
    return Answer(found.as_dict(), verdict_lines(found), 1 if found.counts["refused"] else 0)
