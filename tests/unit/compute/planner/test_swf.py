"""Large SWF files are read by a compiled loop: the same trace as row by row, or none at all."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madang.compute.planner import traces
from madang.compute.planner.swf import plain_rows
from madang.core.errors import MadangError

LINE = "{n} {submit} {wait} {run} {used} 1.5 -1 {asked} {limit} x 1 1 1 1 1 1 -1 -1"
NUMBER = st.integers(-2, 10**7)
WORD = st.one_of(
    NUMBER.map(str), st.sampled_from(["1.5", "1e3", "", "x", "+1", "nan", "9" * 16, "-", "1_0"])
)
BETWEEN = st.sampled_from([" ", "  ", "\t", " \t "])
END = st.sampled_from(["\n", "\r\n", "\n\n", "\n; a comment\n", "\r", "\x0c", " \n", "\n;é\n"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("swf")


def both(folder, text: str) -> tuple[object, object]:
    """What is read, or what is raised, with the compiled loop at hand and without it."""
    path = folder / "jobs.swf"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        return tuple(
            (patch.setattr(traces, "LARGE", large), told(path))[1] for large in (0, 10**12)
        )


def told(path):
    try:
        found = traces.load(path)
    except MadangError as err:
        return type(err), err.fields
    columns = (found.submit_s, found.cards, found.run_s, found.limit_s, found.wait_s)
    return [one.tolist() for one in columns], found.left_out


@st.composite
def plain_lines(draw) -> str:
    words = draw(st.lists(NUMBER, min_size=18, max_size=18))
    return draw(BETWEEN).join(map(str, words))


@st.composite
def any_lines(draw) -> str:
    words = draw(st.lists(WORD, min_size=9, max_size=19))
    return draw(st.sampled_from(["", " "])) + draw(BETWEEN).join(words)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.one_of(plain_lines(), any_lines()), END), min_size=1, max_size=6))
def test_whatever_the_file_holds_both_ways_tell_the_same(folder, lines):
    first = "1 0 0 10 1 -1 -1 1 10 1 1 1 1 1 1 1 -1 -1\n"
    fast, slow = both(folder, first + "".join(line + end for line, end in lines))
    assert fast == slow


def test_a_plain_file_is_read_by_the_loop_itself(folder):
    rng = random.Random(3)
    lines = []
    for n in range(500):
        told = {"wait": rng.choice([-1, 5]), "run": rng.randrange(-1, 99)}
        cards = {"used": rng.choice([-1, 0, 4]), "asked": rng.randrange(9)}
        limits = {"submit": rng.randrange(10**6), "limit": rng.choice([-1, 60])}
        lines.append(LINE.format(n=n, **told, **cards, **limits))
    text = "; Version: 2.2\n;\n" + "\n".join(lines)
    rows = plain_rows(text)
    assert rows is not None
    assert rows.shape == (500, 5)
    fast, slow = both(folder, text)
    assert fast == slow
    assert fast[1] > 0, "some are left out"


@pytest.mark.parametrize(
    "word", ["1.5", "1e3", "", "x", "9" * 16, "1\x0b", "\u0661", "-", "--1", "1\r"]
)
def test_what_is_not_plain_is_left_to_the_reader_of_rows(word):
    line = f"1 {word} 0 10 1 -1 -1 1 10 1"
    assert plain_rows(f"1 0 0 10 1 -1 -1 1 10 1 1\n{line}\n") is None


def test_each_column_is_taken_from_its_field():
    text = LINE.format(n=1, submit=7, wait=-1, run=300, used=-1, asked=16, limit=3600)
    rows = plain_rows(text)
    assert rows is not None
    assert dict(zip(traces.COLUMNS, rows[0].tolist(), strict=True)) == {
        "submit": 7, "cards": 16, "run time": 300, "time limit": 3600, "wait": -1,
    }  # fmt: skip
