"""`madang chips npu`: a workload on a systolic array."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from madang.chips.npu.pictures import draw, tracks
from madang.chips.npu.run import Run, Setting, run_graph, run_layers
from madang.chips.npu.systolic.array import Array, Dataflow
from madang.chips.workloads import topology
from madang.chips.workloads.graph import Graph, product
from madang.chips.workloads.load import Wanted, load
from madang.cli.chip_options import FILE, option
from madang.cli.chip_workloads import sizes
from madang.cli.console import Answer, Console, Text, command
from madang.core.errors import WrongUsage

SRAM_KB = 256


def whole_numbers(text: str, name: str, counts: tuple[int, ...]) -> list[int]:
    """Whole numbers with commas between them, as many as `counts` allows."""
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError as err:
        raise WrongUsage(reason=f"{name}: whole numbers with commas") from err
    if len(found) not in counts:
        wanted = Text(" 또는 ", " or ").__str__().join(str(one) for one in counts)
        raise WrongUsage(reason=f"{name}: {wanted} numbers")
    return found


def array_from(rows: int, columns: int, dataflow: Dataflow, sram_kb: str) -> Array:
    sizes = whole_numbers(sram_kb, "--sram-kb", (1, 3))
    ifmap, filters, ofmap = sizes if len(sizes) == 3 else sizes * 3
    return Array(rows, columns, dataflow, ifmap, filters, ofmap)


def setting_from(array: Array, bandwidth: str | None, compat: str | None) -> Setting:
    if bandwidth is None:
        return Setting(array, compat)
    try:
        width = Fraction(bandwidth)
    except (ValueError, ZeroDivisionError) as err:
        raise WrongUsage(reason="--bandwidth: words a cycle") from err
    return Setting(array, compat, width)


def run_lines(run: Run) -> list[str]:
    cycles, stalls = Text("주기", "cycles"), Text("대기", "stalls")
    lines = [
        f"{one.name:24.24} {one.m:>8}x{one.k}x{one.n} x{one.times:<4} "
        f"{one.total_cycles + one.vector_cycles:>14} {cycles} {one.stall_cycles:>10} {stalls} "
        f"{one.overall_util:6.2f} %"
        for one in run.layers
    ]
    total = run.total("total_cycles") + run.total("vector_cycles")
    energy = run.energy.pj / 1e6
    words = f"{total} {cycles}, {run.overall_util:.2f} %, {energy:.3f} uJ"
    return [*lines, words, *(f"! {note}" for note in run.setting.notes())]


def _one_source(*given: object) -> None:
    if sum(one is not None for one in given) != 1:
        raise WrongUsage(reason="one of --gemm, --topology, --model")


@command(
    "run",
    ko="시스톨릭 배열에서 모델을 실행합니다.",
    en="A workload on a systolic array: cycles, memory, utilisation, energy.",
    has_data=False,
)
@option("--rows", required=True, type=int, ko="배열의 행 수", en="Rows of the array")
@option("--cols", required=True, type=int, ko="배열의 열 수", en="Columns of the array")
@option(
    "--dataflow",
    required=True,
    type=click.Choice(["os", "ws", "is"]),
    ko="데이터 흐름",
    en="What stays in the array: outputs, weights, inputs",
)
@option(
    "--gemm", metavar="M,N,K", ko="행렬 곱 크기", en="One matrix product, M x K times K x N"
)
@option(
    "--topology",
    "topology_",
    type=FILE,
    ko="SCALE-Sim 토폴로지 파일",
    en="A SCALE-Sim topology file",
)
@option("--model", ko="모델 파일 또는 이름", en="An ONNX file, a config.json, or a known name")
@option(
    "--sram-kb",
    default=str(SRAM_KB),
    ko="버퍼 크기(KB): 하나 또는 입력,가중치,출력",
    en="Buffers in KB: one for all, or input,weight,output",
)
@option("--bandwidth", ko="주기당 메모리 워드 수", en="Words from memory a cycle; stalls")
@option("--compat", ko="재현할 프로그램", en="Program to reproduce: scalesim-3.0.0")
@option("--clock-mhz", type=click.IntRange(1), default=1000, ko="클록(MHz)", en="Clock, MHz")
@option(
    "--pictures",
    type=click.Path(file_okay=False, path_type=Path),
    ko="그림 폴더",
    en="Folder for SVG and a Perfetto trace",
)
@option(
    "--graph",
    type=FILE,
    ko="netron(.onnx) 또는 Model Explorer(.json) 파일",
    en="Graph with numbers: .onnx for netron, .json for Model Explorer",
)
@sizes
def run_(
    _console: Console,
    rows: int,
    cols: int,
    dataflow: Dataflow,
    gemm: str | None,
    topology_: Path | None,
    model: str | None,
    sram_kb: str,
    bandwidth: str | None,
    compat: str | None,
    clock_mhz: int,
    pictures: Path | None,
    graph: Path | None,
    wanted: Wanted,
) -> Answer:
    _one_source(gemm, topology_, model)
    setting = setting_from(array_from(rows, cols, dataflow, sram_kb), bandwidth, compat)
    if topology_ is not None:
        layers = [(row.layer, row.times) for row in topology.read_layers(topology_)]
        run = run_layers(setting, layers, topology.read_topology(topology_))
    else:
        run = run_graph(setting, _graph(gemm, model, wanted))
    data = {**run.as_dict(), "time_us": run.cycles / clock_mhz}
    if pictures is not None:
        data["pictures"] = [*draw_into(pictures, run, clock_mhz)]
    if graph is not None:
        _write_graph(run, graph, model)
        data["graph"] = str(graph)
    return Answer(data, run_lines(run))


def _write_graph(run: Run, file: Path, model: str | None) -> None:
    from madang.chips.npu import export  # onnx is heavy
    from madang.chips.workloads.onnx_in import load_model

    whole = load_model(Path(model)) if model is not None and model.endswith(".onnx") else None
    export.write(run, file, whole)


def draw_into(folder: Path, run: Run, clock_mhz: int) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "utilisation.svg": draw.utilisation(run).svg,
        "roofline.svg": draw.roofline(run).svg,
        "timeline.json": tracks.of_run(run, clock_mhz),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in texts]


def _graph(gemm: str | None, model: str | None, wanted: Wanted) -> Graph:
    if model is not None:
        return load(model, wanted)
    assert gemm is not None
    m, n, k = whole_numbers(gemm, "--gemm", (3,))
    dtype = wanted.dtype or "int8"
    return Graph("gemm", "--gemm", (product("gemm", m, n, k, dtype=dtype),))
