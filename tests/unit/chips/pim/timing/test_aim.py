"""Goal: runs of columns are exact. Method: random instruction streams against the same rules
tick by tick, the undecorated kernels, and the distance table as judge."""

from __future__ import annotations

import os

import numpy as np

from madang.chips.pim.check import rules
from madang.chips.pim.check.judge import judge
from madang.chips.pim.device import device
from madang.chips.pim.spec import load
from madang.chips.pim.standards.gddr6_aim import Command, Isr
from madang.chips.pim.stream import EVERY_CHANNEL, Stream, empty
from madang.chips.pim.timing.aim import aim_cycles, channel_groups, tables_of

STREAMS = 4000 if os.environ.get("MADANG_TEST_LONG") else 40
SINGLE = ("RD_MAC", "RD_AF", "SYNC", "EWADD", "WR_BIAS", "AF", "WR_ABK", "HOST")
RUNS = ("MAC_ABK", "WR_GB", "COPY_BKGB", "COPY_GBBK", "MAC_SBK", "EWMUL")
CONVENTIONAL = ("WR_SBK", "RD_SBK")


def random_stream(rng: np.random.Generator, names: tuple[str, ...]) -> Stream:
    n = int(rng.integers(1, 40))
    stream = empty(n + 1)
    masks = [EVERY_CHANNEL, int(rng.integers(1, 2**32)), int(rng.integers(1, 2**32)), 1, 6]
    for row in stream[:n]:
        name = names[int(rng.integers(len(names)))]
        row["op"], row["bank"] = Isr[name], rng.integers(16)
        row["row"] = (1 << 29) if name == "AF" else rng.integers(3)
        row["count"] = rng.integers(1, 70) if name in RUNS else 1
        row["channels"] = EVERY_CHANNEL if name == "SYNC" else masks[int(rng.integers(5))]
    stream["op"][n] = Isr.EOC
    return stream


def random_timing(rng: np.random.Generator) -> dict[str, int]:
    base = load("gddr6-aim", "aim_sim").timing()
    return {k: max(1, int(v * rng.uniform(0.3, 2))) if v > 1 else v for k, v in base.items()}


def test_runs_equal_ticks_and_break_no_distance() -> None:
    rng = np.random.default_rng(4)
    for _ in range(STREAMS):
        timing = random_timing(rng)
        tables, stream = tables_of(timing), random_stream(rng, SINGLE + RUNS)
        busy = timing["RFC"] + timing["RP"] + timing["RCDRDMAC"] + 1  # as devices must
        refi = int(rng.choice([0, busy, busy + 300, 2000]))
        sizes = {"channels": 32, "capacity": 33, "log_rows": 20_000, "refi": refi}
        fast = aim_cycles(stream, tables, **sizes)
        slow = aim_cycles(stream, tables, **sizes, ticks=True)
        assert fast.cycles == slow.cycles
        runs, single = (rules.aim_events(r.log[: r.issued[0]]) for r in (fast, slow))
        order = np.argsort(runs.cycle, kind="stable")
        known = len(order)  # after the end only an idle channel's refresh may follow
        assert runs.cycle[order].tolist() == single.cycle[:known].tolist()
        assert runs.kind[order].tolist() == single.kind[:known].tolist()
        assert set(single.kind[known:].tolist()) <= {"PREA", "REF"}
        assert rules.violations(single, rules.aim_rules(timing)) == []


def test_conventional_accesses_break_no_distance_and_never_hang() -> None:
    rng, ended = np.random.default_rng(5), 0
    for _ in range(STREAMS):
        timing = load("gddr6-aim", "aim_sim").timing()
        stream = random_stream(rng, CONVENTIONAL + CONVENTIONAL + SINGLE + RUNS)
        stream["channels"][np.isin(stream["op"], (Isr.WR_SBK, Isr.RD_SBK))] = 1
        run = aim_cycles(stream, tables_of(timing), channels=32, capacity=33, log_rows=9000)
        ended += run.cycles > 0  # else an access waits for a row for ever, and that is told
        events = rules.aim_events(run.log[: run.issued[0]])
        assert rules.violations(events, rules.aim_rules(timing)) == []
    assert ended > STREAMS // 2


def test_channels_that_see_the_same_stream_are_one_group() -> None:
    masks = np.array([EVERY_CHANNEL, 1, 6], np.int64)
    groups, grouped = channel_groups(masks, 32)
    assert sorted(map(len, groups)) == [1, 2, 29]
    assert grouped[0] == 0b111
    assert [31] in groups  # bit 0 selects channel 31


def test_row_turn_around_follows_the_closed_form() -> None:
    spec = load("gddr6-aim", "aim_sim")
    t, tables = spec.timing(), tables_of(spec.timing())
    cycles = []
    for turns in (8, 9):
        stream = empty(turns + 1)
        stream["op"], stream["op"][-1] = Isr.MAC_ABK, Isr.EOC
        stream["row"], stream["count"][:-1] = np.arange(turns + 1), 64
        cycles.append(aim_cycles(stream, tables, channels=32, capacity=33).cycles)
    assert cycles[1] - cycles[0] == t["RCDRDMAC"] + 63 * t["CCDL"] + t["RTP"] + t["RP"]


def test_refreshes_come_on_time_and_cost_what_the_closed_form_says() -> None:
    dev, free = device("gddr6-aim"), device("gddr6-aim", "aim_sim")
    sizes = {"out": 4096, "inner": 11008}
    with_refresh, without = (one.run("gemv", baseline=False, **sizes) for one in (dev, free))
    t = dev.spec.timing()
    most = t["RP"] + t["RFC"] + t["RCDRDMAC"]  # less: a change of rows closes one anyway
    refreshes = with_refresh.commands["REF"]
    assert refreshes == (with_refresh.cycles - 1) // t["REFI"]
    assert t["RFC"] <= (with_refresh.cycles - without.cycles) / refreshes <= most
    at = with_refresh.log[with_refresh.log[:, 1] == Command.REF, 0]
    late = at - t["REFI"] * np.arange(1, refreshes + 1)
    assert late.min() >= 0
    assert late.max() < 1024  # one instruction, not eight intervals
    assert judge(dev.spec, with_refresh).legal
