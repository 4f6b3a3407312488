"""`madang chips npu cores`: a product or a model on several cores that share a memory."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import click

from madang.chips.errors import CompatUnknown
from madang.chips.npu.cores.engine import CoreRun, run
from madang.chips.npu.cores.machine import MB, Machine
from madang.chips.npu.cores.tiler import COMPAT
from madang.chips.npu.pictures import tracks
from madang.chips.workloads.load import Wanted, load
from madang.cli.chip_npu import whole_numbers
from madang.cli.chip_options import changes_from, option, set_option
from madang.cli.chip_workloads import sizes
from madang.cli.console import Answer, Console, Text, command
from madang.core.errors import WrongUsage

FIELDS = tuple(one.name for one in fields(Machine))


def machine_from(
    cores: int, edge: int, spad_mb: int, acc_mb: int, settings: tuple[str, ...]
) -> Machine:
    changes = changes_from(settings)
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise WrongUsage(reason=f"--set {min(unknown)}: one of {', '.join(FIELDS)}")
    given = {
        "cores": cores,
        "edge": edge,
        "scratchpad_bytes": spad_mb * MB,
        "accumulator_bytes": acc_mb * MB,
        **{name: int(value or 0) for name, value in changes.items()},
    }
    return Machine(**given)


def as_dict(
    name: str, times: int, mnk: tuple[int, int, int], one: CoreRun
) -> dict[str, object]:
    m, n, k = mnk
    return {
        "name": name,
        "times": times,
        "m": m,
        "n": n,
        "k": k,
        "tiles": list(one.tiling.counts),
        "tile": list(one.tiling.edges),
        "active_cycles": list(one.active_cycles),
        "total_cycles": one.total_cycles,
        "bytes_read": one.bytes_read,
        "bytes_written": one.bytes_written,
    }


@command(
    "cores",
    ko="여러 코어에서 행렬 곱이나 모델을 실행합니다.",
    en="Products on several cores: tiles, DMA, double buffers, shared memory.",
    has_data=False,
)
@option(
    "--gemm", metavar="M,N,K", ko="행렬 곱 크기", en="One matrix product, M x K times K x N"
)
@option("--model", ko="모델 파일 또는 이름", en="An ONNX file, a config.json, or a known name")
@option("--cores", type=int, default=4, ko="코어 수", en="Cores")
@option("--edge", type=int, default=128, ko="배열의 변", en="Edge of a core's array")
@option("--spad-mb", type=int, default=32, ko="스크래치패드(MB)", en="Scratchpad of a core, MB")
@option("--acc-mb", type=int, default=4, ko="누산기(MB)", en="Accumulator of a core, MB")
@option("--compat", ko="재현할 프로그램", en=f"Program to reproduce: {COMPAT}")
@option(
    "--trace",
    type=click.Path(dir_okay=False, path_type=Path),
    ko="Perfetto 파일",
    en="Perfetto trace",
)
@set_option
@sizes
def cores_(
    _console: Console,
    gemm: str | None,
    model: str | None,
    cores: int,
    edge: int,
    spad_mb: int,
    acc_mb: int,
    compat: str | None,
    trace: Path | None,
    settings: tuple[str, ...],
    wanted: Wanted,
) -> Answer:
    if compat not in (None, COMPAT):
        raise CompatUnknown(device="the cores", compat=compat, known=COMPAT)
    if (gemm is None) == (model is None):
        raise WrongUsage(reason="one of --gemm, --model")
    machine = machine_from(cores, edge, spad_mb, acc_mb, settings)
    work = _products(gemm, model, wanted)
    known: dict[tuple[int, int, int], CoreRun] = {}
    rows = []
    for name, times, mnk in work:
        if mnk not in known:
            known[mnk] = run(machine, *mnk, compat=compat is not None)
        rows.append(as_dict(name, times, mnk, known[mnk]))
    if trace is not None:
        trace.write_text(tracks.of_cores(known[work[0][2]]), encoding="utf-8")
    total = sum(times * known[mnk].total_cycles for _, times, mnk in work)
    data: dict[str, object] = {
        "machine": {name: getattr(machine, name) for name in FIELDS},
        "compat": compat,
        "total_cycles": total,
        "time_us": total / machine.clock_mhz,
        "products": rows,
        "trace": str(trace) if trace else None,
    }
    if len(rows) == 1:
        data |= {"active_cycles": rows[0]["active_cycles"], "tiles": rows[0]["tiles"]}
    cycles = Text("주기", "cycles")
    lines = [
        f"{one['name']!s:24.24} {one['m']}x{one['k']}x{one['n']} x{one['times']} "
        f"{one['tiles']} {one['active_cycles']} {one['total_cycles']} {cycles}"
        for one in rows
    ]
    return Answer(data, [*lines, f"{total} {cycles}"])


def _products(
    gemm: str | None, model: str | None, wanted: Wanted
) -> list[tuple[str, int, tuple[int, int, int]]]:
    if gemm is not None:
        m, n, k = whole_numbers(gemm, "--gemm", (3,))
        if min(m, n, k) < 1:
            raise WrongUsage(reason="--gemm: numbers begin at 1")
        return [("gemm", 1, (m, n, k))]
    assert model is not None
    matrices = load(model, wanted).matrices()
    return [(one.name, one.times, (one.m, one.n, one.k)) for one in matrices]
