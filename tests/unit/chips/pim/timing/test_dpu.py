"""Goal: the event engine of a DPU is its rules. Method: the same rules cycle by cycle in plain
Python, the closed form where one side is the limit, and rates published for the pipeline."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from madang.chips.pim.device import device
from madang.chips.pim.plans import dpu as plans
from madang.chips.pim.timing.dpu import dpu_cycles


def stepped(blocks: list[list[tuple[int, int, int]]], depth: int) -> int:
    """Cycle by cycle: one dispatch, every tasklet at most one in `depth`, one transfer."""
    steps = [
        deque(part for block in mine for part in enumerate(block) if part[1]) for mine in blocks
    ]
    ready, waiting, moving = [0] * len(blocks), deque[int](), None
    asked, turn, now = [False] * len(blocks), 0, 0
    while any(steps):
        for k, mine in enumerate(steps):
            if mine and mine[0][0] != 1 and not asked[k] and ready[k] <= now:
                waiting.append(k)
                asked[k] = True
        if moving is not None and moving[1] <= now:
            k, moving = moving[0], None
            steps[k].popleft()
            asked[k], ready[k] = False, now
            if steps[k] and steps[k][0][0] != 1:
                waiting.append(k)
                asked[k] = True
        if moving is None and waiting:
            k = waiting.popleft()
            moving = (k, now + steps[k][0][1])
        for i in range(len(steps)):
            k = (turn + i) % len(steps)
            if steps[k] and steps[k][0][0] == 1 and ready[k] <= now:
                left = steps[k][0][1] - 1
                steps[k][0] = (1, left)
                ready[k], turn = now + depth, k + 1
                if not left:
                    steps[k].popleft()
                break
        now += 1
    return now


def engine(blocks: list[list[tuple[int, int, int]]], depth: int) -> float:
    n = len(blocks)
    work = np.array([b for mine in blocks for b in mine], np.float64).reshape(-1, 3)
    bounds = np.concatenate([[0], np.cumsum([len(mine) for mine in blocks])]).astype(np.int64)
    state = np.zeros(n, np.int64), np.zeros(n), np.zeros(n, np.int64), np.zeros(3, np.int64)
    return dpu_cycles(work, bounds[:-1].copy(), bounds[1:].copy(), depth, *state, 0.0)[0]


@pytest.mark.parametrize("tasklets", [1, 2, 7, 11, 16, 24])
def test_events_are_the_cycles_within_two_percent(tasklets: int) -> None:
    rng = np.random.default_rng(tasklets)
    for _ in range(4):
        low, high = sorted(rng.integers(60, 1200, 2).tolist())
        blocks = [
            [
                tuple(int(rng.integers(low, high + 1)) for _ in range(3))
                for _ in range(int(rng.integers(2, 5)))
            ]
            for _ in range(tasklets)
        ]
        assert engine(blocks, 11) == pytest.approx(stepped(blocks, 11), rel=0.02)


def test_blocks_without_a_write_or_without_any_work_pass() -> None:
    assert engine([[(10, 4, 0), (10, 4, 5)]], 11) == 10 + 44 + 10 + 44 + 5
    assert engine([[(0, 0, 0)], []], 11) == 0


def test_the_slower_side_is_the_limit_and_the_other_hides_behind_it() -> None:
    many = {"elements": 2556 * 100_000, "dtype": "int32"}
    bound_by_dma = device("upmem-v1").run("copy", **many)
    bound_by_work = device("upmem-v1").run("mul", **many)
    assert bound_by_dma.commands["dma_cycles"] < bound_by_dma.cycles
    assert bound_by_work.cycles == pytest.approx(
        bound_by_work.commands["instructions"], rel=0.02
    )
    slow = device("upmem-v1", dma_byte_cycles=8.0).run("copy", **many)
    assert slow.cycles == pytest.approx(slow.commands["dma_cycles"], rel=0.01)


def test_few_tasklets_hide_less_of_a_transfer_than_the_formula_says() -> None:
    spec = device("upmem-v1", tasklets=1, dpus=1).spec
    load = plans.load_of(spec, device("upmem-v1").task("add", elements=10_000))
    work, read, write = load.work[:, 1].sum(), load.work[:, 0].sum(), load.work[:, 2].sum()
    assert plans.simulate(spec, load).cycles == pytest.approx(11 * work + read + write)


def test_blocks_shrink_until_the_working_memory_holds_them() -> None:
    assert plans.block_bytes(device("upmem-v1", tasklets=16).spec, 3) == 1024
    assert plans.block_bytes(device("upmem-v1", tasklets=24).spec, 3) == 512
    spec = device("upmem-v1", tasklets=24, block_bytes=2048).spec
    assert plans.block_bytes(spec, 3) * 3 * 24 <= spec.integer("wram_bytes")


def test_mix_says_what_every_instruction_of_the_loop_is_for() -> None:
    report = device("upmem-v1").run("add", elements=2556)
    assert report.asm().splitlines() == [
        f"{1:6g} {name}" for name in ("load", "store", "address", "compare", "branch", "add")
    ]
    assert report.commands["instructions"] == 6


def test_energy_is_refused_until_somebody_gives_the_power_of_a_chip() -> None:
    report = device("upmem-v1").run("add", elements=10**6)
    assert report.energy is None
    given = device("upmem-v1", chip_w=1.2).run("add", elements=10**6)
    assert given.energy is not None
    assert given.energy.mid == given.energy.high == sum(given.energy.parts.values())
    assert given.energy.mid == pytest.approx(1.2 * 320 * given.time_ns * 1e3, rel=1e-3)
