"""`madang chips check`: a verdict for every operator, on an NPU or a memory that computes."""

from __future__ import annotations

from pathlib import Path

import click

from madang.chips.errors import DeviceUnknown
from madang.chips.npu.check.judge import Check, check
from madang.chips.npu.check.targets import is_target, target, targets
from madang.chips.pim import spec as specs
from madang.chips.workloads.load import Wanted
from madang.cli.chip_models import check_model as check_on_memory
from madang.cli.chip_options import compat_option, option, set_option, told
from madang.cli.chip_workloads import sizes
from madang.cli.console import Answer, Console, Text, command, language

CONTEXT = 1024


def check_lines(found: Check) -> list[str]:
    words = ", ".join(f"{told(name)} {count}" for name, count in found.counts.items())
    lines = [f"{found.model} {Text('→', 'on')} {found.target.name}: {words}"]
    lines += [
        f"  {one.name:28.28} {one.op:18} {told(one.verdict):13} {one.dtype:5} {told(one.why)}"
        + (f" → {told(one.change)}" if one.change else "")
        for one in found.nodes
        if one.verdict != "supported"
    ]
    fixed = Text("열린 차원", "open dimension")
    lines += [
        f"! {fixed} {one.input}: {one.dimension}; {told(one.change)}" for one in found.open
    ]
    if found.no_totals is not None:
        lines.append(f"! {found.why_no_totals(language.get())}")
    if found.fits is False:
        lines.append(f"! {Text('메모리에 들어가지 않습니다', 'does not fit into memory')}")
    return lines


@command(
    "check",
    ko="모델의 연산자별 판정",
    en="A verdict for every operator of a model, without a device or its software.",
    has_data=False,
)
@click.argument("model")
@option("--device", required=True, ko="장치 이름 또는 .yaml 파일", en="An NPU, or a PIM device")
@sizes
@compat_option
@set_option
def check_model(
    console: Console,
    model: str,
    device: str,
    compat: str | None,
    settings: tuple[str, ...],
    wanted: Wanted,
) -> Answer:
    if is_target(device):
        found = check(target(device), model, wanted)
        return Answer(found.as_dict(), check_lines(found), 1 if found.runnable is False else 0)
    if device not in specs.names() and not device.endswith((".yaml", ".yml")):
        known = ", ".join((*targets(), *specs.names()))
        raise DeviceUnknown(device=device, known=known)
    answer = check_on_memory.function(
        console,
        model=Path(model),
        device=device,
        context=wanted.context or CONTEXT,
        batch=wanted.batch,
        dtype=wanted.dtype,
        dims=tuple(f"{name}={size}" for name, size in wanted.dims.items()),
        compat=compat,
        settings=settings,
    )
    assert answer is not None
    return answer
