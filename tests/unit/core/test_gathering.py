"""Who asks while others are being served is taken along by the next group."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from madang.core.gathering import ENOUGH, GROUP_MAX, LEADERS, Gathering

WAIT_S_MAX = 60


class Gate:
    """Work that stands still until it is opened, and notes its groups."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.open, self.entered = threading.Event(), threading.Semaphore(0)

    def work(self, group):
        self.groups.append(list(group))
        self.entered.release()
        assert self.open.wait(WAIT_S_MAX)
        return [ValueError(one) if one < 0 else one * 2 for one in group]


def waiting(gathering: Gathering, count: int) -> None:
    ready = threading.Event()
    for _ in range(WAIT_S_MAX * 100):
        if gathering.statistics().waiting == count:
            return
        ready.wait(0.01)
    raise AssertionError(gathering.statistics())


def test_those_who_come_meanwhile_go_together_and_each_gets_its_own_answer():
    gathering, gate = Gathering[int, int](), Gate()
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(gathering.ask, 100, gate.work)
        assert gate.entered.acquire(timeout=WAIT_S_MAX)
        later = [pool.submit(gathering.ask, n, gate.work) for n in range(5)]
        waiting(gathering, 5)
        assert gathering.statistics().leading == 1
        gate.open.set()
        answers = [one.result(WAIT_S_MAX) for one in (first, *later)]
    assert answers == [200, 0, 2, 4, 6, 8]
    assert sorted(map(len, gate.groups)) == [1, 5]
    assert gathering.statistics().largest == 5


def test_a_second_group_goes_beside_the_first_when_it_is_large_and_never_a_third():
    gathering, gate = Gathering[int, int](), Gate()
    with ThreadPoolExecutor(1 + 3 * ENOUGH) as pool:
        first = pool.submit(gathering.ask, 0, gate.work)
        assert gate.entered.acquire(timeout=WAIT_S_MAX)
        second = [pool.submit(gathering.ask, n, gate.work) for n in range(ENOUGH)]
        assert gate.entered.acquire(timeout=WAIT_S_MAX)
        assert gathering.statistics().leading == LEADERS
        third = [pool.submit(gathering.ask, n, gate.work) for n in range(ENOUGH)]
        waiting(gathering, ENOUGH)
        assert gathering.statistics().groups == LEADERS
        gate.open.set()
        assert first.result(WAIT_S_MAX) == 0
        found = sorted(one.result(WAIT_S_MAX) for one in (*second, *third))
    assert found == sorted(2 * n for n in range(ENOUGH) for _ in range(2))


def test_what_is_raised_for_one_is_raised_to_that_one_alone():
    gathering, gate = Gathering[int, int](), Gate()
    gate.open.set()
    with pytest.raises(ValueError, match="-3"):
        gathering.ask(-3, gate.work)
    assert gathering.ask(4, gate.work) == 8


def test_a_group_whose_work_breaks_tells_everyone_and_the_next_goes_on():
    gathering = Gathering[int, int]()

    def broken(group):
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        gathering.ask(1, broken)
    assert gathering.ask(1, lambda group: [one + 1 for one in group]) == 2
    assert gathering.statistics().leading == 0


def test_no_group_is_larger_than_its_bound():
    gathering, gate = Gathering[int, int](), Gate()
    with ThreadPoolExecutor(LEADERS * GROUP_MAX + 3) as pool:
        first = pool.submit(gathering.ask, -1, gate.work)
        assert gate.entered.acquire(timeout=WAIT_S_MAX)
        rest = [pool.submit(gathering.ask, n, gate.work) for n in range(2 * GROUP_MAX)]
        gate.open.set()
        assert [one.result(WAIT_S_MAX) for one in rest] == [2 * n for n in range(2 * GROUP_MAX)]
        with pytest.raises(ValueError, match="-1"):
            first.result(WAIT_S_MAX)
    assert gathering.statistics().largest <= GROUP_MAX
