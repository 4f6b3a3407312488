"""Goal: odd sizes and other device numbers cost what the description says. Method: a second,
scalar reading of the description, one request and one cycle at a time, written apart from the
engines and run once; its counts are here. It agrees with every measured count it was run on."""

from __future__ import annotations

import pytest

from madang.chips.pim.device import device

Sizes = dict[str, int]
BANK_PAIR: list[tuple[str, str, Sizes, Sizes, int]] = [
    ("gemv", "pim", {"out": 1, "inner": 1}, {}, 750),
    ("gemv", "pim", {"out": 4097, "inner": 129}, {}, 1945),
    (
        "gemv",
        "pim",
        {"out": 77, "inner": 77, "batch": 5},
        {"RCDRD": 21, "RP": 19, "REFI": 1337},
        3298,
    ),
    ("gemv", "pim", {"out": 12289, "inner": 700}, {"CCDL": 5, "RRDL": 9, "RRDS": 7}, 12202),
    ("gemv", "pim", {"out": 65, "inner": 200}, {"channels": 1, "RTRS": 3}, 1951),
    (
        "gemv",
        "pim",
        {"out": 2048, "inner": 1025},
        {"channels": 16, "ranks": 1, "REFI": 1000},
        10596,
    ),
    (
        "gemv",
        "pim",
        {"out": 4000, "inner": 900},
        {"command_queue": 7, "host_queue": 16},
        3651,
    ),
    ("gemv-tree", "pim", {"out": 4097, "inner": 300, "batch": 2}, {}, 6837),
    ("gemv-tree", "pim", {"out": 100, "inner": 1000}, {"ranks": 1, "WR": 23, "WL": 5}, 4714),
    ("add", "pim", {"elements": 1}, {}, 367),
    ("add", "pim", {"elements": 917503}, {"BL": 2, "CCDL": 3}, 2422),
    ("mul", "pim", {"elements": 200000}, {"channels": 32, "RFC": 411, "REFI": 901}, 2241),
    ("relu", "pim", {"elements": 400001}, {"RAS": 51, "RC": 66}, 1080),
    ("gemv", "host", {"out": 1, "inner": 1}, {}, 61),
    ("gemv", "host", {"out": 333, "inner": 77}, {"CCDS": 3, "RCDRD": 9}, 134),
    ("gemv", "host", {"out": 100, "inner": 100}, {"channels": 3}, 492),
    ("gemv", "host", {"out": 256, "inner": 513, "batch": 3}, {"RL": 31, "WTRL": 15}, 333),
    ("add", "host", {"elements": 40001}, {"channels": 8, "RRDS": 8, "RRDL": 12}, 1985),
    ("relu", "host", {"elements": 99999}, {"RP": 25, "RTPL": 12}, 456),
]
AIM: list[tuple[Sizes, Sizes, int]] = [
    ({"out": 1, "inner": 1}, {}, 162),
    ({"out": 1, "inner": 17}, {"RCDRDMAC": 33}, 143),
    ({"out": 513, "inner": 1}, {"RP": 45, "RAS": 70}, 337),
    ({"out": 777, "inner": 1111}, {"CCDL": 4, "CCDS": 3}, 1590),
    ({"out": 33, "inner": 65, "batch": 3}, {"MODCH": 7, "RC": 120}, 183),
    ({"out": 600, "inner": 2000, "batch": 2}, {"BL": 4, "WTRS": 13}, 4232),
    ({"out": 2000, "inner": 3001}, {"CWLGB": 3, "CLREG": 4, "RTP": 19}, 4856),
    ({"out": 511, "inner": 1025}, {"list_capacity": 5}, 568),
]


@pytest.mark.parametrize(("kernel", "mode", "sizes", "changes", "cycles"), BANK_PAIR)
def test_bank_pair_kernel_of_an_odd_size_costs_what_the_scalar_reading_says(
    kernel: str, mode: str, sizes: Sizes, changes: Sizes, cycles: int
) -> None:
    dev = device("hbm2-pim", compat="pimsimulator", **changes)
    assert dev.run(kernel, mode=mode, baseline=False, **sizes).cycles == cycles


@pytest.mark.parametrize(("sizes", "changes", "cycles"), AIM)
def test_aim_gemv_of_an_odd_size_costs_what_the_scalar_reading_says(
    sizes: Sizes, changes: Sizes, cycles: int
) -> None:
    dev = device("gddr6-aim", compat="aim_sim", **changes)
    assert dev.run("gemv", baseline=False, **sizes).cycles == cycles
