"""A workload on a systolic array: one row for each layer, sums, and the digest of the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import madang
from madang.chips.errors import CompatUnknown, ParameterImpossible
from madang.chips.npu import roofline
from madang.chips.npu.energy import Energy, energy_of
from madang.chips.npu.systolic import bandwidth, closed, replay, stalls
from madang.chips.npu.systolic.array import Array
from madang.chips.workloads.graph import Graph, JsonValue, Operator
from madang.chips.workloads.layers import Layer

SCALESIM = "scalesim-3.0.0"
PROFILES = (SCALESIM,)
SLIPS = (
    "cycles are the index of the last cycle, one too low",
    "os writes R + C outputs too many for each fold",
    "partial sums read back in ws and is are not counted",
    "a last window that lies partly outside counts",
    "compute utilisation of ws and is is divided by C - 1 cycles too many",
    "empty places of partial lines count as memory writes",
    "operators other than matrix products and convolutions cost nothing",
)
USER_SLIPS = (
    "bandwidth reaches the output lines only; operands are read ten words a cycle",
    "positive waits of the read path count twice",
    "reads count empty places and lines fetched again",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a workload is run: which array, whose numbers, how much bandwidth."""

    array: Array
    compat: str | None = None
    words_a_cycle: Fraction | None = None
    bank_words: int = 10

    def __post_init__(self) -> None:
        if self.compat is not None and self.compat not in PROFILES:
            raise CompatUnknown(
                device="the systolic array", compat=self.compat, known=", ".join(PROFILES)
            )
        width = self.words_a_cycle
        if width is not None and not Fraction(1, 1000) <= width <= 1 << 20:
            raise ParameterImpossible(
                name="bandwidth",
                value=str(width),
                reason="words a cycle",
                limit="0.001 to 1048576",
                nearest="10",
            )
        if self.compat and width is not None and width.denominator != 1:
            raise ParameterImpossible(
                name="bandwidth",
                value=str(float(width)),
                reason=f"{self.compat} has whole words a cycle",
                limit="a whole number",
                nearest=str(round(width) or 1),
            )

    def notes(self) -> tuple[str, ...]:
        if not self.compat:
            return ()
        return SLIPS + (USER_SLIPS if self.words_a_cycle is not None else ())


@dataclass(frozen=True, slots=True)
class LayerRun:
    """One layer. Counts are of all its copies; utilisations in percent."""

    name: str
    kind: str
    times: int
    m: int
    n: int
    k: int
    macs: int
    total_cycles: int = 0
    stall_cycles: int = 0
    cycles_incl_prefetch: int = 0
    vector_cycles: int = 0
    roofline_cycles: int = 0
    overall_util: float = 0.0
    mapping_eff: float = 0.0
    compute_util: float = 0.0
    sram_ifmap_reads: int = 0
    sram_filter_reads: int = 0
    sram_ofmap_writes: int = 0
    sram_ofmap_reads: int = 0
    dram_ifmap_reads: int = 0
    dram_filter_reads: int = 0
    dram_ofmap_writes: int = 0
    dram_ofmap_reads: int = 0
    bound: str = "compute"

    def as_dict(self) -> dict[str, JsonValue]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


SUMMED = tuple(
    name
    for name in LayerRun.__dataclass_fields__
    if name.endswith(("cycles", "reads", "writes", "_prefetch")) or name == "macs"
)


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    setting: Setting
    graph: Graph
    layers: tuple[LayerRun, ...]
    energy: Energy

    def __repr__(self) -> str:
        array = self.setting.array
        grid = f"{array.rows}x{array.columns} {array.dataflow}"
        used = f"{self.overall_util:.1f} % of the array"
        return f"<Run {self.graph.name} on {grid}: {self.cycles:,} cycles, {used}>"

    def total(self, name: str) -> int:
        return sum(int(getattr(one, name)) for one in self.layers)

    @property
    def cycles(self) -> int:
        return self.total("total_cycles") + self.total("vector_cycles")

    @property
    def overall_util(self) -> float:
        cycles = self.total("total_cycles")
        return 100 * closed.overall(self.setting.array, self.total("macs"), cycles)

    def as_dict(self) -> dict[str, JsonValue]:
        array = self.setting.array
        sums: dict[str, JsonValue] = {name: self.total(name) for name in SUMMED}
        if len(self.layers) == 1:
            one = self.layers[0]
            sums |= {"mapping_eff": one.mapping_eff, "compute_util": one.compute_util}
        width = self.setting.words_a_cycle
        workload: dict[str, JsonValue] = {
            "name": self.graph.name,
            "source": self.graph.source,
            "notes": [*self.graph.notes],
            **self.graph.totals(),
        }
        return {
            "array": {
                "rows": array.rows,
                "cols": array.columns,
                "dataflow": array.dataflow,
                "sram_kb": {
                    "ifmap": array.ifmap_kb,
                    "filter": array.filter_kb,
                    "ofmap": array.ofmap_kb,
                },
                "bandwidth_words_per_cycle": None if width is None else float(width),
            },
            "compat": self.setting.compat,
            "cycles": self.cycles,
            **sums,
            "overall_util": self.overall_util,
            "energy": self.energy.as_dict(),
            "layers": [one.as_dict() for one in self.layers],
            "workload": workload,
            "notes": [*self.setting.notes()],
            "version": madang.__version__,
        }


def run_layer(setting: Setting, layer: Layer) -> LayerRun:
    """One copy of a layer, without vector work."""
    array, compat = setting.array, setting.compat is not None
    counts = closed.count(array, layer, compat=compat)
    row = LayerRun(
        layer.name,
        "gemm" if layer.is_gemm else "conv",
        1,
        *(layer.m(ceil=compat), layer.n, layer.k),
        macs=counts.macs,
        total_cycles=counts.cycles,
        roofline_cycles=roofline.least_cycles(
            array, layer, macs=counts.macs, words_a_cycle=setting.words_a_cycle
        ),
        mapping_eff=100 * counts.mapping_efficiency,
        compute_util=100 * counts.compute_utilisation,
        sram_ifmap_reads=counts.ifmap_reads,
        sram_filter_reads=counts.filter_reads,
        sram_ofmap_writes=counts.ofmap_writes,
        sram_ofmap_reads=counts.ofmap_reads,
    )
    if compat and setting.words_a_cycle is not None:
        row = _with_stalls(setting, layer, row)
    else:
        row = _with_traffic(setting, layer, row, counts)
    return replace(row, overall_util=100 * closed.overall(array, row.macs, row.total_cycles))


def _with_stalls(setting: Setting, layer: Layer, row: LayerRun) -> LayerRun:
    assert setting.words_a_cycle is not None
    found = stalls.stalled(
        setting.array,
        layer,
        bandwidth=int(setting.words_a_cycle),
        bank=setting.bank_words,
    )
    return replace(
        row,
        total_cycles=found.cycles,
        stall_cycles=found.stalls,
        cycles_incl_prefetch=found.cycles_with_prefetch,
        dram_ifmap_reads=found.ifmap_reads,
        dram_filter_reads=found.filter_reads,
        dram_ofmap_writes=found.ofmap_writes,
        bound="memory" if found.stalls > row.total_cycles else "compute",
    )


def _with_traffic(
    setting: Setting, layer: Layer, row: LayerRun, counts: closed.Counts
) -> LayerRun:
    moved = replay.traffic(setting.array, layer, compat=setting.compat is not None)
    row = replace(
        row,
        cycles_incl_prefetch=moved.cycles_with_prefetch,
        dram_ifmap_reads=moved.ifmap_reads,
        dram_filter_reads=moved.filter_reads,
        dram_ofmap_writes=moved.ofmap_writes,
        dram_ofmap_reads=moved.ofmap_reads,
    )
    if setting.words_a_cycle is None:
        return row
    found = bandwidth.phases(
        cycles=counts.cycles,
        folds=counts.folds[0] * counts.folds[1],
        words_read=moved.ifmap_reads + moved.filter_reads + moved.ofmap_reads,
        words_written=moved.ofmap_writes,
        words_a_cycle=setting.words_a_cycle,
    )
    return replace(
        row,
        total_cycles=found.cycles,
        cycles_incl_prefetch=found.cycles,
        stall_cycles=found.stalls,
        bound=found.bound,
    )


def _vector(setting: Setting, one: Operator) -> LayerRun:
    """Vector and move operators: one lane for each column; the peer counts nothing."""
    lanes = setting.array.columns
    cycles = 0 if setting.compat else one.times * -(-one.flops // lanes)
    return LayerRun(
        one.name, one.kind, one.times, 0, 0, 0, 0, vector_cycles=cycles, bound="vector"
    )


def _multiplied(row: LayerRun, times: int) -> LayerRun:
    """All copies of a layer, one after the other."""
    return replace(
        row,
        times=times,
        macs=row.macs * times,
        total_cycles=row.total_cycles * times,
        stall_cycles=row.stall_cycles * times,
        cycles_incl_prefetch=row.cycles_incl_prefetch * times,
        roofline_cycles=row.roofline_cycles * times,
        sram_ifmap_reads=row.sram_ifmap_reads * times,
        sram_filter_reads=row.sram_filter_reads * times,
        sram_ofmap_writes=row.sram_ofmap_writes * times,
        sram_ofmap_reads=row.sram_ofmap_reads * times,
        dram_ifmap_reads=row.dram_ifmap_reads * times,
        dram_filter_reads=row.dram_filter_reads * times,
        dram_ofmap_writes=row.dram_ofmap_writes * times,
        dram_ofmap_reads=row.dram_ofmap_reads * times,
    )


def run_graph(setting: Setting, graph: Graph) -> Run:
    """Every operator in order; equal layers are computed once."""
    known: dict[tuple[object, ...], LayerRun] = {}
    rows = []
    for one in graph.operators:
        if not one.is_matrix:
            rows.append(_vector(setting, one))
            continue
        layer = one.layer()
        key = (*layer.sizes().values(), layer.is_gemm)
        if key not in known:
            known[key] = run_layer(setting, layer)
        repeats = one.times * max(1, one.m // known[key].m if one.kind == "conv" else 1)
        rows.append(replace(_multiplied(known[key], repeats), name=one.name))
    return Run(setting, graph, tuple(rows), energy_of(rows, graph))


def run_layers(setting: Setting, layers: Sequence[tuple[Layer, int]], graph: Graph) -> Run:
    """The layers of a topology file as they stand, each as often as its line says."""
    rows = [_multiplied(run_layer(setting, layer), times) for layer, times in layers]
    return Run(setting, graph, tuple(rows), energy_of(rows, graph))
