"""What benches measure with goes on when what they measure is in motion."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import gateway
from bench.compute_engine import ANSWERS_TRIED, Reopening
from bench.gateway import cpu_s, rss_kib, tree_of

from madang.compute.errors import EngineRefused, EngineUnclear


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Process 1 with two threads; the second has started 2, the first 3, which has ended."""
    monkeypatch.setattr(gateway, "PROC", tmp_path)
    for process, thread, children in ((1, 1, "3 "), (1, 10, "2 "), (2, 2, "")):
        task = tmp_path / f"{process}/task/{thread}"
        task.mkdir(parents=True)
        (task / "children").write_text(children)
    for process in (1, 2):
        (tmp_path / f"{process}/stat").write_text("1 (a) b) S " + "0 " * 10 + "100 50 9 9")
        (tmp_path / f"{process}/statm").write_text("9 4 1")
    return tmp_path


def test_a_tree_is_what_is_there_still(processes):
    assert sorted(tree_of(1)) == [1, 2]
    assert cpu_s(1) == 300 * gateway.TICK_S
    assert rss_kib(1) == 2 * 4 * gateway.os.sysconf("SC_PAGE_SIZE") // 1024


def test_children_of_a_thread_that_ends_meanwhile_are_anothers(processes, monkeypatch):
    """Between the list of threads and the reading of its children it ends; the first thread has
    its child then."""
    read = Path.read_text

    def ends(path, *args, **more):
        if path == processes / "1/task/10/children" and path.exists():
            path.unlink()
            path.parent.rmdir()
            (processes / "1/task/1/children").write_text("2 3 ")
        return read(path, *args, **more)

    monkeypatch.setattr(Path, "read_text", ends)
    assert sorted(tree_of(1)) == [1, 2]


def test_a_process_that_is_not_there_is_told(processes):
    with pytest.raises(FileNotFoundError):
        cpu_s(7)


def test_a_call_without_an_answer_is_made_again_and_counted():
    answers = [EngineUnclear(reason="ConnectionResetError"), None, None]
    asked = []

    def post(number):
        asked.append(number)
        if (answer := answers.pop(0)) is not None:
            raise answer

    raw = Reopening(post)
    raw(1)
    raw(2)
    assert (asked, raw.unanswered) == ([1, 1, 2], 1)


@pytest.mark.parametrize(
    ("error", "times"), [(EngineUnclear, ANSWERS_TRIED), (EngineRefused, 1)]
)
def test_what_is_never_answered_or_is_refused_ends_the_bench(error, times):
    asked = []

    def post(number):
        asked.append(number)
        raise error(reason="no")

    with pytest.raises(error):
        Reopening(post)(1)
    assert len(asked) == times
