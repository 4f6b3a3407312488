"""`madang chips compare`: GPU, NPU, and NPU with PIM side by side on one model."""

from __future__ import annotations

from pathlib import Path

import click

from madang.chips.npu.pictures.draw import chip_roofline
from madang.chips.predict.compare import Side, compare
from madang.chips.predict.serving import Job, groups
from madang.chips.workloads.load import transformer
from madang.cli.chip_options import option
from madang.cli.console import Answer, Console, Text, command
from madang.core.errors import WrongUsage

DEVICES = "H100,RNGD,RNGD+hbm2-pim,RNGD+gddr6-aim"


def side_lines(sides: list[Side]) -> list[str]:
    rate, first = Text("토큰/초", "tokens/s"), Text("첫 토큰", "first token")
    lines = []
    for one in sides:
        ratio = one.tokens_s / sides[0].tokens_s
        lines.append(
            f"{one.name:24} {one.tokens_s:10.1f} {rate} ({ratio:5.2f}x)  "
            f"{first} {one.base.prefill.total * 1e3:9.2f} ms  {one.step_s * 1e3:8.3f} ms"
        )
        lines += [
            f"    {part.name:16} {part.chosen_s * 1e6:10.1f} us  PIM"
            for part in one.parts
            if part.is_inside
        ]
    return lines


def phases(one: Side) -> list[tuple[str, float, float]]:
    """Prompt and step as points: flop a byte, TFLOP/s of one card."""
    job, base = one.base.job, one.base
    found = []
    for words, sequences, tokens, context, seconds in (
        ("prompt", 1, job.input_tokens, job.input_tokens, base.prefill.total),
        ("step", base.batch, 1, job.input_tokens + job.output_tokens // 2, base.step.total),
    ):
        work = groups(job, base.efficiency, sequences, tokens, context)
        flops, moved = sum(w.flops for w in work), sum(w.bytes for w in work)
        found.append((words, flops / moved, flops / seconds / job.cards / 1e12))
    return found


@command(
    "compare",
    ko="한 모델에서 장치들을 나란히 비교합니다.",
    en="Devices side by side on one model: GPU, NPU, NPU with PIM.",
    has_data=False,
)
@click.argument("model")
@option("--devices", default=DEVICES, ko="장치들", en="Devices with commas; NPU+MEMORY for PIM")
@option("--dtype", default="bf16", ko="가중치 형식", en="Format of the weights")
@option("--input", "input_tokens", type=int, default=1024, ko="입력 토큰", en="Prompt tokens")
@option("--output", "output_tokens", type=int, default=128, ko="출력 토큰", en="Answer tokens")
@option("--batch", type=int, default=1, ko="배치", en="Sequences at once")
@option("--cards", type=int, default=1, ko="카드 수", en="Cards")
@option(
    "--pictures",
    type=click.Path(file_okay=False, path_type=Path),
    ko="그림 폴더",
    en="Folder for rooflines",
)
def compare_(
    _console: Console,
    model: str,
    devices: str,
    dtype: str,
    input_tokens: int,
    output_tokens: int,
    batch: int,
    cards: int,
    pictures: Path | None,
) -> Answer:
    names = [name.strip() for name in devices.split(",") if name.strip()]
    if not names:
        raise WrongUsage(reason="--devices: at least one")
    job = Job(transformer(model), dtype, input_tokens, output_tokens, batch, cards)
    sides = compare(names, job)
    data: dict[str, object] = {
        "model": job.model.name,
        "dtype": dtype,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "batch": batch,
        "cards": cards,
        "devices": [
            {**one.as_dict(), "against_first": one.tokens_s / sides[0].tokens_s}
            for one in sides
        ],
    }
    if pictures is not None:
        data["pictures"] = draw_into(pictures, sides)
    return Answer(data, side_lines(sides))


def draw_into(folder: Path, sides: list[Side]) -> list[str]:
    """A roofline for each published device."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for one in (side for side in sides if not side.memories):
        device = one.base.chip
        peak = device.peak(one.base.job.dtype)[0] / 1e12
        picture = chip_roofline(device.name, peak, device.bandwidth() / 1e9, phases(one))
        path = folder / f"roofline-{device.name}.svg"
        path.write_text(picture.svg, encoding="utf-8")
        found.append(str(path))
    return found
