"""Goal: every number that SCALE-Sim 3.0.0 reported, from closed form, replay and stall mode.
Method: the recorded rows, tolerance zero on counts and the printed digits of utilisations.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from madang.chips.npu import Array, Setting, run_layer
from madang.chips.workloads.layers import Layer, gemm

FILE = Path(__file__).parents[2] / "data" / "chips" / "scalesim-3.0.0-checks.csv"
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
COUNTS = (
    *("total_cycles", "stall_cycles", "cycles_incl_prefetch"),
    *("sram_ifmap_reads", "sram_filter_reads", "sram_ofmap_writes"),
    *("dram_ifmap_reads", "dram_filter_reads", "dram_ofmap_writes"),
)
SHARES = ("overall_util", "mapping_eff", "compute_util")
WINDOW = ("ifmap_h", "ifmap_w", "filt_h", "filt_w", "channels", "filters", "stride")


def layer_of(row: Mapping[str, str]) -> Layer:
    if row["kind"] == "gemm":
        return gemm(row["layer"], int(row["m"]), int(row["n"]), int(row["k"]))
    return Layer(row["layer"], *(int(row[name]) for name in WINDOW))


def setting_of(row: Mapping[str, str]) -> Setting:
    kb = (int(row[f"sram_{name}_kb"]) for name in ("ifmap", "filter", "ofmap"))
    array = Array(int(row["array_rows"]), int(row["array_cols"]), row["dataflow"], *kb)
    width = Fraction(row["config_bandwidth"]) if row["mode"] == "USER" else None
    return Setting(array, "scalesim-3.0.0", width)


def test_the_table_holds_what_is_promised() -> None:
    modes = [row["mode"] for row in ROWS]
    assert (modes.count("CALC"), modes.count("USER")) == (74, 43)


@pytest.mark.parametrize(
    "row",
    ROWS,
    ids=[
        f"{r['mode']}-{r['array_rows']}-{r['dataflow']}-{r['layer']}-{i}"
        for i, r in enumerate(ROWS)
    ],
)
def test_counts_equal_those_of_scalesim(row: dict[str, str]) -> None:
    found = run_layer(setting_of(row), layer_of(row))
    assert {name: getattr(found, name) for name in COUNTS} == {
        name: int(row[name]) for name in COUNTS
    }
    for name in SHARES:
        assert getattr(found, name) == pytest.approx(float(row[name]), abs=6e-5)
