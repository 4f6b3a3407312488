"""Goal: no cycle of difference from PIMSimulator (commit b464dde) on its published workloads.

Method: its measured cycle counts, as tables, against the compat profile: kernels, host sweeps,
micro streams, one parameter changed, several changed, and one rule broken at a time.
"""

from __future__ import annotations

import pytest

from madang.chips.pim.device import device
from madang.chips.pim.plans import bankpair as plans
from madang.chips.pim.spec import load
from madang.chips.pim.timing import bankpair as engine
from madang.chips.pim.timing.channels import parameters, time_channel
from madang.chips.pim.traces import read_requests

TILE = 131_072


def reads(*bursts: tuple[int, int, int]) -> str:
    return ";".join(f"R {bank} {row} {column}" for bank, row, column in bursts)


MICRO = [
    ("R 0 0 0", 39),
    ("W 0 0 0", 22),
    ("R 0 0 0;R 4 0 0", 43),
    ("R 0 0 0;R 0 1 0", 86),
    ("W 0 0 0;W 0 1 0", 72),
    ("W 0 0 0;R 0 0 0", 54),
    ("R 0 0 0;W 0 0 1", 54),
    ("R 0 0 0;|;R 4 0 0", 43),
    ("W 0 0 0;|;R 5 3 2;W 5 3 2", 56),
    (reads(*((i, 0, 0) for i in range(16))), 99),
    (
        ";".join(f"W {i} 0 0" for i in range(16))
        + ";|;"
        + reads(*((i, 1, 0) for i in range(16))),
        170,
    ),
    (reads(*((0, 0, i % 32) for i in range(64))) + ";|;R 0 1 0", 322),
    (reads(*((0, 0, i % 32) for i in range(65))) + ";|;R 0 1 0", 326),
    (reads(*((i % 16, i // 160, i % 32) for i in range(200))), 444),
    ("R 0 0 0;drain;R 0 0 1", 86),
    (reads(*((0, i // 32, i % 32) for i in range(700))), 3766),
    (";".join(f"W {i % 4} 0 {i % 32}" for i in range(1500)), 6018),
]

GEMV = {
    (1024, 1024, 1): 3662,
    (4096, 1024, 1): 3662,
    (4096, 1536, 1): 5147,
    (4096, 2048, 1): 6970,
    (4096, 3072, 1): 10210,
    (4096, 8192, 1): 26312,
    (4096, 16384, 1): 51834,
    (8192, 384, 1): 2991,
    (8192, 1024, 1): 7037,
    (4096, 1024, 2): 7037,
    (8192, 2048, 1): 13218,
    (12288, 1024, 1): 10395,
    (16384, 1024, 1): 13389,
    (4096, 1024, 4): 13389,
    (20480, 512, 1): 8712,
    (12288, 4096, 1): 39127,
    (16384, 4096, 1): 51941,
    (8192, 4096, 2): 51941,
}
TREE = {(4096, 256): 1589, (4096, 1024): 4680, (8192, 512): 4703, (4096, 4096): 16653}
ADD = {1: 731, 2: 1053, 4: 1697, 8: 3349, 12: 4637, 16: 5926, 24: 8866, 32: 11806}
RELU = {1: 613, 2: 817, 4: 1225, 8: 2042, 12: 3221, 16: 4037, 24: 5669, 32: 7665, 64: 14906}
HOST = [
    ("add", {"elements": TILE}, 836),
    ("add", {"elements": 4 * TILE}, 3518),
    ("add", {"elements": 8 * TILE}, 6651),
    ("relu", {"elements": TILE}, 580),
    ("relu", {"elements": 4 * TILE}, 2144),
    ("relu", {"elements": 8 * TILE}, 4564),
    ("relu", {"elements": 16 * TILE}, 8756),
    ("mul", {"elements": 16 * TILE}, 13255),
    ("gemv", {"out": 1024, "inner": 1024}, 2494),
    ("gemv", {"out": 4096, "inner": 1024}, 9042),
    ("gemv", {"out": 2048, "inner": 2048}, 9034),
]
ONE_RANK = [
    ("gemv", {"out": 4096, "inner": 2048}, 6591),
    ("gemv", {"out": 8192, "inner": 2048}, 13229),
    ("add", {"elements": 8 * TILE}, 2985),
    ("relu", {"elements": 8 * TILE}, 2041),
    ("relu", {"elements": 16 * TILE}, 3673),
]
# GEMV 4096x1024, ADD 1M, RELU 1M, GEMV 1024x1024 without PIM
CHANGED = [
    ("CCDL=2", 2580, 2712, 1623, 2491),
    ("CCDL=6", 4797, 3967, 2818, 2512),
    ("CCDS=4", 3662, 3349, 2042, 4536),
    ("RCDRD=20", 3808, 3460, 2425, 2517),
    ("RCDWR=18", 3731, 3527, 2543, 2502),
    ("RAS=45 RC=59", 3689, 3400, 2418, 2494),
    ("RC=70", 3714, 3616, 2466, 2494),
    ("RP=20 RC=53", 3770, 3559, 2486, 2503),
    ("XAW=1", 3662, 3349, 2042, 2494),
    ("tXAW=60", 3662, 3349, 2042, 2494),
    ("RFC=260", 3572, 3259, 2042, 2404),
    ("REFI=1950", 4053, 3730, 2387, 2495),
    ("REFI=1000", 5145, 4426, 3144, 3265),
    ("WR=24", 3726, 3367, 2423, 2494),
    ("WTRL=14", 3679, 3432, 2457, 2494),
    ("RL=26", 3698, 3361, 2054, 2500),
    ("WL=4", 3641, 3284, 1972, 2490),
    ("RRDL=10", 3662, 3349, 2042, 2494),
    ("RRDS=6", 3718, 3379, 2447, 2517),
    ("RTPL=10", 3722, 3482, 2458, 2503),
    ("command_queue=16", 3662, None, None, 2526),
    ("command_queue=32", 3662, None, None, 2494),
    ("command_queue=128", 3662, None, None, 2494),
]
A = "CCDL=3 RCDRD=16 RCDWR=12 RAS=30 RP=15 RC=45 RFC=300 REFI=2600 WR=18 WTRL=8 RL=22 WL=6 RRDL=8 RRDS=5 RTPL=7"  # noqa: E501
B = "CCDS=3 CCDL=7 RCDRD=12 RCDWR=9 RAS=36 RP=12 RC=48 RFC=220 REFI=1700 WR=10 WTRL=5 RL=16 WL=7 RRDL=5 RRDS=3 RTPL=9"  # noqa: E501
C = "CCDL=4 RCDRD=24 RCDWR=20 RAS=50 RP=22 RC=72 RFC=410 REFI=4500 WR=26 WTRL=13 RL=28 WL=10 RRDL=9 RRDS=6 RTPL=6"  # noqa: E501
SEVERAL = [
    ("gemv", {"out": 4096, "inner": 1024}, "pim", (3207, 5516, 4352)),
    ("gemv", {"out": 8192, "inner": 2048}, "pim", (11495, 21085, 15312)),
    ("add", {"elements": 8 * TILE}, "pim", (3140, 4247, 4388)),
    ("relu", {"elements": 16 * TILE}, "pim", (3667, 5450, 5168)),
    ("gemv", {"out": 1024, "inner": 1024}, "host", (2460, 3625, 2181)),
    ("add", {"elements": 4 * TILE}, "host", (3487, 5203, 3217)),
]
# GEMV 4096x1024, ADD 1M, RELU 2M, GEMV 4096x16384, MUL 2M without PIM
BROKEN = [
    (0, (3662, 3349, 4037, 51834, 13255)),
    (engine.R_DROP, (3662, 3349, 4037, 51834, 13312)),
    (engine.R_REF_EARLY, (3675, 3362, 4050, 51947, 12829)),
    (engine.R_FLAG_ACT, (3662, 3353, 4041, 51790, 13255)),
    (engine.R_EAGER, (3674, 3361, 4049, 51742, 13254)),
    (engine.R_YIELD, (3708, 3368, 4049, 51832, 13573)),
]


def cycles(kernel: str, mode: str = "pim", settings: str = "", **sizes: int) -> int:
    words = [one.split("=") for one in settings.split()]
    dev = device("hbm2-pim", "pimsimulator", {name: int(value) for name, value in words})
    return dev.run(kernel, mode=mode, baseline=False, **sizes).cycles


@pytest.mark.parametrize(("trace", "expected"), MICRO)
def test_micro_stream_takes_the_measured_cycles(trace: str, expected: int) -> None:
    dev = device("hbm2-pim", "pimsimulator")
    assert dev.replay(read_requests(trace, dev.spec)).cycles == expected


def test_one_rank_is_refreshed_less_often_in_a_micro_stream() -> None:
    dev = device("hbm2-pim", "pimsimulator", ranks=1)
    trace = reads(*((0, i // 32, i % 32) for i in range(700)))
    assert dev.replay(read_requests(trace, dev.spec)).cycles == 3402


def test_gemv_takes_the_measured_cycles() -> None:
    for (out, inner, batch), expected in GEMV.items():
        assert cycles("gemv", out=out, inner=inner, batch=batch) == expected, (
            out,
            inner,
            batch,
        )


def test_gemv_tree_takes_the_measured_cycles() -> None:
    for (out, inner), expected in TREE.items():
        assert cycles("gemv-tree", out=out, inner=inner) == expected, (out, inner)


def test_elementwise_kernels_take_the_measured_cycles() -> None:
    for tiles, expected in ADD.items():
        assert cycles("add", elements=tiles * TILE) == expected
        assert cycles("mul", elements=tiles * TILE) == expected
    for tiles, expected in RELU.items():
        assert cycles("relu", elements=tiles * TILE) == expected


def test_host_sweeps_take_the_measured_cycles() -> None:
    for kernel, sizes, expected in HOST:
        assert cycles(kernel, "host", **sizes) == expected, (kernel, sizes)


def test_one_rank_takes_the_measured_cycles() -> None:
    for kernel, sizes, expected in ONE_RANK:
        assert cycles(kernel, settings="ranks=1", **sizes) == expected, (kernel, sizes)


@pytest.mark.parametrize(("settings", "gemv", "add", "relu", "host"), CHANGED)
def test_one_changed_parameter_changes_the_measured_cycles(
    settings: str, gemv: int, add: int | None, relu: int | None, host: int
) -> None:
    assert cycles("gemv", settings=settings, out=4096, inner=1024) == gemv
    assert cycles("gemv", "host", settings, out=1024, inner=1024) == host
    if add is not None and relu is not None:
        assert cycles("add", settings=settings, elements=8 * TILE) == add
        assert cycles("relu", settings=settings, elements=8 * TILE) == relu


def test_several_changed_parameters_take_the_measured_cycles() -> None:
    for kernel, sizes, mode, expected in SEVERAL:
        found = tuple(cycles(kernel, mode, settings, **sizes) for settings in (A, B, C))
        assert found == expected, (kernel, sizes, mode)


@pytest.mark.parametrize(("rule", "expected"), BROKEN)
def test_breaking_one_rule_gives_the_cycles_of_that_mistake(
    rule: int, expected: tuple[int, ...]
) -> None:
    dev = device("hbm2-pim", "pimsimulator")
    tasks = [
        dev.task("gemv", out=4096, inner=1024),
        dev.task("add", elements=8 * TILE),
        dev.task("relu", elements=16 * TILE),
        dev.task("gemv", out=4096, inner=16384),
    ]
    streams = [plans.plan(dev.spec, task).stream for task in tasks]
    streams.append(plans.host_streams(dev.spec, dev.task("mul", elements=16 * TILE))[0][0])
    p = parameters(dev.spec, engine.COMPAT & ~rule)
    assert tuple(time_channel(one, p, log=False).cycles for one in streams) == expected


def test_add_of_a_million_issues_the_measured_commands() -> None:
    report = device("hbm2-pim", "pimsimulator").run("add", elements=1 << 20)
    assert dict(report.commands) == {"RD": 288, "WR": 137, "ACT": 90, "PRE": 90, "REF": 1}
    assert report.speedup == pytest.approx(1.986, abs=5e-4)


def test_the_profile_is_named_in_every_report() -> None:
    spec = load("hbm2-pim", "pimsimulator")
    assert (spec.profile, spec.integer("ranks"), load("hbm2-pim").profile) == (
        "pimsimulator",
        2,
        "jedec",
    )
