"""Goal: the event engine is the rules. Method: random streams on random devices and
three judges: the same rules tick by tick, the undecorated kernel, the rule checker.
"""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pytest

from madang.chips.errors import NeverEnds
from madang.chips.pim.check import judge, rules
from madang.chips.pim.device import Device
from madang.chips.pim.lower import bankpair as lower
from madang.chips.pim.spec import Spec, load
from madang.chips.pim.stream import Flag, Stream, empty
from madang.chips.pim.timing import bankpair as engine
from madang.chips.pim.timing import ticks
from madang.chips.pim.timing.channels import parameters, time_channel
from madang.chips.pim.traces import read_requests

STREAMS = 4000 if os.environ.get("MADANG_TEST_LONG") else 25
VARIED = (
    "RL",
    "WL",
    "CCDL",
    "RCDRD",
    "RCDWR",
    "RAS",
    "RP",
    "RRDS",
    "RRDL",
    "RTPL",
    "WR",
    "WTRL",
    "RFC",
    "tXAW",
)


def random_device(rng: np.random.Generator, profile: str) -> Spec:
    base = load("hbm2-pim", profile)
    t = {name: max(1, int(base.integer(name) * rng.uniform(0.4, 1.8))) for name in VARIED}
    t["CCDS"] = int(rng.integers(1, t["CCDL"] + 1))
    t["RC"] = t["RAS"] + t["RP"] + int(rng.integers(0, 10))
    t["REFI"] = int(rng.integers(t["RFC"] + 2 * t["RP"] + 1, 3000))
    t["BL"] = int(rng.choice([2, 4, 8]))
    t["command_queue"] = int(rng.choice([1, 4, 16, 64]))
    t["host_queue"] = int(rng.choice([8, 64]))
    t["ranks"] = int(rng.choice([1, 2]))
    return load("hbm2-pim", profile, t)


def random_stream(rng: np.random.Generator, ranks: int = 1) -> Stream:
    n = int(rng.integers(1, 160))
    stream = empty(n)
    stream["op"] = rng.integers(0, 2, n)
    stream["bank"] = rng.integers(0, int(rng.choice([2, 4, 16])), n)
    stream["bank"] += (16 * rng.integers(0, ranks, n)).astype(np.int16)
    stream["row"] = rng.integers(0, int(rng.choice([1, 2, 5])), n)
    stream["column"] = rng.integers(0, int(rng.choice([1, 4, 32])), n)
    stream["flags"] = np.where(rng.random(n) < rng.choice([0, 0.02, 0.2]), Flag.FENCE, 0)
    stream["flags"] |= np.where(rng.random(n) < 0.005, Flag.DRAIN, 0).astype(np.uint8)
    return stream


@pytest.mark.parametrize("profile", ["pimsimulator", "jedec"])
def test_event_engine_equals_the_rules_tick_by_tick_and_breaks_none(profile: str) -> None:
    rng = np.random.default_rng(20_261)
    for _ in range(STREAMS):
        spec = random_device(rng, profile)
        real = spec.integer("ranks") if profile == "jedec" else 1
        stream = random_stream(rng, real)
        run = time_channel(stream, parameters(spec))
        expected, channel = ticks.tick_cycles(stream, *judge.tick_rules(spec))
        log = [(int(q[0]), rules.BANKPAIR_KINDS[q[1]], *map(int, q[2:])) for q in run.log]
        assert run.cycles == expected
        assert log == channel.log
        events = rules.bankpair_events(run.log, ranks=real)
        assert (
            rules.violations(events, rules.bankpair_rules(spec.timing(), profile=profile)) == []
        )
        assert rules.state_faults(events) == []
        if profile == "jedec":
            window = spec.integer("tXAW")
            assert (
                rules.window_violations(events, acts=spec.integer("XAW"), cycles=window) == []
            )
            assert rules.order_faults(stream, events) == []


def test_second_rank_is_addressed_shares_the_bus_and_opens_rows_by_itself() -> None:
    spec = load("hbm2-pim", changes={"ranks": 2})
    t = spec.timing()

    def found(trace: str) -> engine.I64:
        return time_channel(read_requests(trace, spec), parameters(spec)).log

    both = found("R 0 0 0;R 16 0 0")
    acts, reads = (both[both[:, 1] == kind, 0] for kind in (engine.C_ACT, engine.C_RD))
    assert acts[1] - acts[0] == 1  # no distance but the command bus
    assert reads[1] - reads[0] == t["BL"] // 2 + t["RTRS"]
    turned = found("W 0 0 0;R 16 0 0;R 0 0 1;R 16 0 1")
    write, read = (turned[turned[:, 1] == kind] for kind in (engine.C_WR, engine.C_RD))
    other = read[read[:, 2] == 16, 0]
    assert other[0] - write[0, 0] < t["WL"] + t["BL"] // 2 + t["WTRS"]  # no recovery between
    window = ";".join(f"R {16 * (i % 2) + 4 * (i // 2)} 0 0" for i in range(8))
    first = found(window)
    acts = first[first[:, 1] == engine.C_ACT, 0]
    assert acts[-1] - acts[0] < t["tXAW"]  # four in each rank, eight in the channel


def test_ranks_are_refreshed_in_turn_and_on_time() -> None:
    dev = Device(load("hbm2-pim", changes={"ranks": 2, "refresh_postponed_max": 0}))
    trace = ";".join(f"R {16 * (i % 2)} {i // 64} {i % 32}" for i in range(6000))
    report = dev.replay(read_requests(trace, dev.spec))
    assert judge.judge(dev.spec, report).legal
    refreshes = report.log[report.log[:, 1] == engine.C_REF, 2].tolist()
    assert min(refreshes.count(0), refreshes.count(1)) > 2
    assert abs(refreshes.count(0) - refreshes.count(1)) <= 1


SMALL_SWEEPS = [
    ("copy", {"elements": 1}),
    ("copy", {"elements": 16}),
    ("copy", {"elements": 500}),
    ("add", {"elements": 200}),
    ("relu", {"elements": 1000}),
    ("add", {"elements": 1025}),
    ("gemv", {"out": 1, "inner": 1}),
    ("gemv", {"out": 77, "inner": 3}),
    ("gemv", {"out": 40, "inner": 130}),
    ("gemv", {"out": 3, "inner": 700, "batch": 5}),
]


@pytest.mark.parametrize("profile", ["pimsimulator", "jedec"])
@pytest.mark.parametrize(("kernel", "sizes"), SMALL_SWEEPS)
def test_small_host_sweep_takes_what_all_channels_take_tick_by_tick_together(
    profile: str, kernel: str, sizes: dict[str, int]
) -> None:
    """Writes may land on channels that read nothing: they too wait for the last read."""
    dev = Device(load("hbm2-pim", profile))
    task = dev.task(kernel, **sizes)
    burst, channels = 16, dev.spec.integer("channels")
    reads, writes = -(-task.values_read() // burst), -(-task.values_written() // burst)
    every = [lower.host_sweep(0, reads, writes, channels, c) for c in range(channels)]
    expected = judge.by_ticks(dev.spec, *(one for one in every if len(one)))
    found = dev.run(kernel, mode="host", **sizes)
    assert found.cycles == expected
    assert found.cycles > 40  # a read and a write one after the other, never side by side


def test_same_input_gives_the_same_bytes() -> None:
    p = parameters(load("hbm2-pim"))
    stream = lower.elementwise(4, 2, 8)
    first, second = time_channel(stream, p), time_channel(stream, p)
    assert first.log.tobytes() == second.log.tobytes()


def test_activation_that_the_mode_refuses_for_ever_is_told_and_not_waited_for() -> None:
    stream = lower.elementwise(1, 1, 6)
    inside = stream[:22].copy()  # all-bank mode is on and never left
    last = empty(1)
    last["bank"] = 5
    with pytest.raises(NeverEnds):
        time_channel(
            np.concatenate([inside, last]), parameters(load("hbm2-pim", "pimsimulator"))
        )


def test_fence_on_the_request_that_fills_the_host_queue_is_lost_only_in_the_quirk_profile() -> (
    None
):
    stream = empty(65)
    stream["column"][:64] = np.arange(64) % 32
    stream["row"][64] = 1
    stream["flags"][63] = Flag.FENCE
    other = stream.copy()
    other["flags"][63] = 0
    compat, standard = (parameters(load("hbm2-pim", p)) for p in ("pimsimulator", "jedec"))
    assert time_channel(stream, compat).cycles == time_channel(other, compat).cycles
    swapped = stream.copy()
    swapped["bank"][64], swapped["row"][64] = 4, 0
    kept = time_channel(swapped, standard).log
    assert kept[kept[:, 1] == engine.C_RD][-1, 2] == 4


def test_gemv_without_refresh_is_affine_in_pairs_of_input_tiles() -> None:
    p = parameters(load("hbm2-pim", "pimsimulator"), engine.COMPAT | engine.R_NO_REFRESH)
    sizes = range(2, 34, 4)
    found = [
        time_channel(lower.gemv(1, n, 1, 6, apart=False), p, log=False).cycles for n in sizes
    ]
    steps = {b - a for a, b in pairwise(found)}
    assert len(steps) == 1


def test_elementwise_without_refresh_follows_the_closed_form() -> None:
    p = parameters(load("hbm2-pim", "pimsimulator"), engine.COMPAT | engine.R_NO_REFRESH)
    for tiles in (1, 2, 4, 8, 16):
        both = time_channel(lower.elementwise(tiles, 2, 8), p, log=False).cycles
        single = time_channel(lower.elementwise(tiles, 1, 6), p, log=False).cycles
        assert (both, single) == (731 + 322 * (tiles - 1), 613 + 204 * (tiles - 1))


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("RC", "R 0 0 0", "R 0 1 0"),
        ("CCDL", "R 0 0 0", "R 0 0 1"),
        ("RTRS", "R 0 0 0;|", "W 0 0 1"),
    ],
)
def test_judge_sees_a_command_that_comes_one_cycle_too_soon(
    name: str, first: str, second: str
) -> None:
    spec = load("hbm2-pim", "pimsimulator")
    stream = read_requests(f"{first};{second}", spec)
    log = time_channel(stream, parameters(spec)).log
    table = rules.bankpair_rules(spec.timing(), profile="pimsimulator")
    assert rules.violations(rules.bankpair_events(log), table) == []
    kinds = (engine.C_ACT,) if name == "RC" else (engine.C_RD, engine.C_WR)
    log[np.flatnonzero(np.isin(log[:, 1], kinds))[1], 0] -= 1
    assert name in {v.rule for v in rules.violations(rules.bankpair_events(log), table)}
