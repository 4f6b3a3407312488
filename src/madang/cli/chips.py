"""`madang chips`: the chip lab at the command line. Needs no platform."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from madang.chips.pim import spec as specs
from madang.chips.pim import traces
from madang.chips.pim.check.judge import by_ticks, judge
from madang.chips.pim.device import Device
from madang.chips.pim.pictures import draw
from madang.chips.pim.report import Report
from madang.cli.chip_check import check_model
from madang.cli.chip_compare import compare_
from madang.cli.chip_cores import cores_
from madang.cli.chip_design import sweep_ as design_sweep
from madang.cli.chip_models import model_
from madang.cli.chip_npu import run_ as npu_run
from madang.cli.chip_options import (
    FILE,
    compat_option,
    device_from,
    device_option,
    in_words,
    kernel_words,
    option,
    set_option,
    told,
)
from madang.cli.chip_predict import predict_, validate_
from madang.cli.chip_sweeps import sweep_
from madang.cli.chip_workloads import quantise_, workload
from madang.cli.console import Answer, Console, Text, command, group, language
from madang.core.errors import Refused


@command(
    "devices",
    ko="장치 목록",
    en="The devices and where their numbers come from.",
    has_data=False,
)
@option("--device", ko="장치 이름 또는 .yaml 파일", en="A device, or a .yaml file")
def devices(_console: Console, device: str | None) -> Answer:
    rows = [specs.load(name) for name in ([device] if device else specs.names())]
    found = [
        {
            "name": one.name,
            "family": one.family,
            "title": one.title_en,
            "title_ko": one.title_ko,
            "profiles": list(one.profiles),
            "default_profile": one.profile,
            "clock_ns": one.clock_ns,
            "unknown": [k for k, q in one.numbers.items() if q.value is None],
            "numbers": {
                k: {"value": q.value, "unit": q.unit, "source": q.source, "mark": q.mark}
                for k, q in one.numbers.items()
            },
        }
        for one in rows
    ]
    lines = []
    for one in rows:
        title = one.title_ko if language.get() == "ko" else one.title_en
        lines.append(f"{one.name:12} {title} [{', '.join(one.profiles)}]")
        if device:
            lines += [
                f"  {k:24} {q.value!s:>10} {q.unit:14} {q.mark:9} {q.source}"
                for k, q in one.numbers.items()
            ]
    return Answer({"devices": found}, lines)


def draw_into(folder: Path, report: Report) -> list[str]:
    """Everything that can be drawn of a run, as files."""
    assert report.spec is not None
    folder.mkdir(parents=True, exist_ok=True)
    texts = {}
    for kind in draw.KINDS:
        with contextlib.suppress(Refused):  # no energy, no log, no roof: nothing to draw
            texts[f"{kind}.svg"] = draw.draw(report, kind).svg
    if report.log is not None:
        texts["timeline.json"] = draw.perfetto(report.spec, report)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in texts]


def report_lines(report: Report) -> list[str]:
    energy = report.energy
    cycles = Text("주기", "cycles")
    size = in_words(report.shape)
    lines = [f"{report.kernel} {size}: {report.device}, {report.profile}, {report.mode}"]
    lines.append(
        f"{report.cycles} {cycles} ({report.clock_ns} ns) = {report.time_ns / 1e3:.3f} us"
    )
    lines.append(
        " ".join(f"{name} {count}" for name, count in report.commands.items() if count)
    )
    if energy:
        lines.append(
            f"{energy.mid / 1e6:.3f} uJ ({energy.low / 1e6:.3f} - {energy.high / 1e6:.3f})"
        )
    elif report.why_no_energy:
        lines.append(told(report.why_no_energy))
    if report.speedup is not None:
        ratio = (
            f", {report.energy_ratio:.2f}x {Text('에너지', 'energy')}"
            if report.energy_ratio
            else ""
        )
        lines.append(
            f"{report.speedup:.3f}x {Text('(PIM 미사용 대비)', 'against no PIM')}{ratio}"
        )
    return lines + [f"! {told(note)}" for note in report.notes]


def _sizes(**given: int | str | None) -> dict[str, int | str]:
    return {name: value for name, value in given.items() if value is not None}


@command(
    "run",
    ko="커널 하나를 실행합니다.",
    en="Run one kernel: cycles, time, energy, commands.",
    has_data=False,
)
@device_option
@option("--kernel", required=True, ko="커널", en="Kernel", shell_complete=kernel_words)
@option("--out", type=int, ko="출력 크기", en="Outputs")
@option("--in", "inner", type=int, ko="입력 크기", en="Inputs")
@option("--batch", type=int, ko="배치", en="Vectors or sequences")
@option("--elements", type=int, ko="원소 수", en="Elements")
@option("--heads", type=int, ko="헤드 수", en="Heads")
@option("--context", type=int, ko="문맥 길이", en="Tokens of context")
@option("--width", type=int, ko="헤드 크기", en="Size of a head")
@option("--dtype", ko="수 형식", en="Number format")
@option(
    "--tier",
    type=click.Choice(["event", "closed"]),
    default="event",
    ko="계산 방식",
    en="Engine or formula",
)
@option(
    "--mode",
    type=click.Choice(["pim", "host"]),
    default="pim",
    ko="PIM 사용 여부",
    en="With PIM, or the host alone",
)
@compat_option
@set_option
@option("--asm", is_flag=True, ko="프로그램 표시", en="Show the program or the instructions")
@option(
    "--pictures",
    type=click.Path(file_okay=False, path_type=Path),
    ko="그림 폴더",
    en="Folder for SVG and a Perfetto trace",
)
@option(
    "--report",
    "report_file",
    type=FILE,
    ko="HTML 보고서 파일",
    en="Write one HTML file with all of it",
)
@option(
    "--write-trace", type=FILE, ko="트레이스 쓰기", en="Write the command stream as a trace"
)
def run_(
    _console: Console,
    device: str,
    kernel: str,
    out: int | None,
    inner: int | None,
    batch: int | None,
    elements: int | None,
    heads: int | None,
    context: int | None,
    width: int | None,
    dtype: str | None,
    tier: str,
    mode: str,
    compat: str | None,
    settings: tuple[str, ...],
    asm: bool,
    pictures: Path | None,
    report_file: Path | None,
    write_trace: Path | None,
) -> Answer:
    chosen = device_from(device, compat, settings)
    sizes = _sizes(
        out=out,
        inner=inner,
        batch=batch,
        elements=elements,
        heads=heads,
        context=context,
        width=width,
        dtype=dtype,
    )
    if tier == "closed":
        report = chosen.closed(kernel, **sizes)
    else:
        report = chosen.run_task(chosen.task(kernel, **sizes), mode=mode)
    data = report.as_dict()
    if write_trace is not None and report.stream is not None:
        traces.write_trace(report.stream, chosen.spec, write_trace)
        data["trace"] = str(write_trace)
    if pictures is not None:
        data["pictures"] = [*draw_into(pictures, report)]
    if report_file is not None:
        report_file.write_text(report.html(), encoding="utf-8")
        data["report"] = str(report_file)
    if asm:
        data["asm"] = report.asm()
    return Answer(data, report_lines(report) + (report.asm().splitlines() if asm else []))


def _replayed(
    device: str, trace: Path, compat: str | None, settings: tuple[str, ...]
) -> tuple[Device, Report]:
    chosen = device_from(device, compat, settings)
    return chosen, chosen.replay(traces.read_trace(trace, chosen.spec))


@command("replay", ko="트레이스를 재생합니다.", en="Time a trace.", has_data=False)
@device_option
@click.argument("trace", type=FILE)
@compat_option
@set_option
def replay(
    _console: Console, device: str, trace: Path, compat: str | None, settings: tuple[str, ...]
) -> Answer:
    report = _replayed(device, trace, compat, settings)[1]
    return Answer(report.as_dict(), report_lines(report))


@command(
    "check",
    ko="명령 흐름을 독립적으로 검사합니다.",
    en="Judge a trace's commands independently.",
    has_data=False,
)
@device_option
@click.argument("trace", type=FILE)
@compat_option
@set_option
@option("--ticks", is_flag=True, ko="주기별로도 계산", en="Also time it cycle by cycle (slow)")
def check_trace(
    _console: Console,
    device: str,
    trace: Path,
    compat: str | None,
    settings: tuple[str, ...],
    ticks: bool,
) -> Answer:
    chosen, report = _replayed(device, trace, compat, settings)
    verdict = judge(chosen.spec, report)
    broken = [
        {
            "rule": v.rule,
            "first_cycle": v.first_cycle,
            "second_cycle": v.second_cycle,
            "needed_cycles": v.needed_cycles,
        }
        for v in verdict.broken
    ]
    data = {
        "legal": verdict.legal,
        "commands": verdict.commands,
        "cycles": report.cycles,
        "broken": broken,
        "allowed_by_profile": verdict.allowed,
        "faults": list(verdict.faults),
    }
    if ticks and chosen.spec.family == "bank-pair" and report.stream is not None:
        data["cycles_by_ticks"] = by_ticks(chosen.spec, report.stream)
    lines = [
        f"{verdict.commands} {Text('명령', 'commands')}, {Text('위반', 'broken')} {len(broken)}"
    ]
    lines += [f"{one['rule']} {one['second_cycle']}" for one in broken] + list(verdict.faults)
    return Answer(data, lines, 0 if verdict.legal else 1)


pim = group(
    "pim",
    devices,
    run_,
    replay,
    check_trace,
    model_,
    sweep_,
    ko="메모리 내 연산(PIM)",
    en="Processing in memory.",
)
npu = group("npu", npu_run, cores_, ko="신경망 처리 장치(NPU)", en="Neural processing units.")
chips = group(
    "chips",
    pim,
    npu,
    workload,
    quantise_,
    predict_,
    validate_,
    compare_,
    design_sweep,
    check_model,
    ko="AI 반도체 실험실",
    en="The chip lab.",
)
