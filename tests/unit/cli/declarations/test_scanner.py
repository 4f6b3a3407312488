"""Lines found by the scanner, and that it agrees with tomllib on what there is."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from madang.cli.declarations.scanner import line_numbers, line_of

TEXT = '''# a comment with [[brackets]]
title = "a # not a comment"

[[offering]]
code = "nuri/a"          # [[not a header]]
uses = [
  "chat",                # ] not the end
  "embeddings",
]
text = """
[[offering]]
code = "inside a string"
"""
  [[offering.price]]
  unit = "token.in"
  [[offering.price]]
  unit = 'token.out'
  "won_per_million" = "1"

[[offering]]
name = { ko = "가", en = "A=\\"}" }
  [[offering.price]]
  unit = "request"
[other.table]
a.b = 1
'''


def test_every_key_has_its_line():
    lines = line_numbers(TEXT)
    expected = {
        ("title",): 2,
        ("offering", 0): 4,
        ("offering", 0, "code"): 5,
        ("offering", 0, "uses"): 6,
        ("offering", 0, "text"): 10,
        ("offering", 0, "price", 0): 14,
        ("offering", 0, "price", 0, "unit"): 15,
        ("offering", 0, "price", 1): 16,
        ("offering", 0, "price", 1, "won_per_million"): 18,
        ("offering", 1): 20,
        ("offering", 1, "name"): 21,
        ("offering", 1, "price", 0, "unit"): 23,
        ("other", "table"): 24,
        ("other", "table", "a", "b"): 25,
    }
    assert {path: lines.get(path) for path in expected} == expected


def test_line_of_something_inside_a_value_is_the_line_of_its_key():
    lines = line_numbers(TEXT)
    assert line_of(lines, ("offering", 0, "uses", 1)) == 6
    assert line_of(lines, ("offering", 1, "price", 0, "missing")) == 22
    assert line_of(lines, ("nowhere",)) is None


def paths_of(value, path=()):
    """Every path that a parsed document has, down to values that are not tables."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from paths_of(inner, (*path, name))
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for index, inner in enumerate(value):
            yield (*path, index)
            yield from paths_of(inner, (*path, index))


VALUES = st.sampled_from(
    [
        *("1", '"a"', "'#'", '"]"', '["[", 1]', '"\\""', '""', "''", '"""a"""""'),
        *('"""\n[[x]]\ny = 1\n"""', "'''\n'\n'''", "[\n 1, # ]\n 2\n]"),
        *("1979-05-27T07:32:00Z", "[[1], [2]]", "true # = "),
    ]
)
NAMES = st.sampled_from(["a", "b", '"c d"', "'e'", "long-name_1"])


@st.composite
def documents(draw):
    text = []
    for _ in range(draw(st.integers(1, 4))):
        table = draw(st.sampled_from(["t0", "t1"]))
        text.append(draw(st.sampled_from(["\n", "# c = [\n", ""])))
        text.append(f"[[{table}]]\n")
        text += [f"{name} = {draw(VALUES)}\n" for name in draw(st.lists(NAMES, unique=True))]
        for _ in range(draw(st.integers(0, 2))):
            text.append(f"  [[{table}.sub]]\n  inner = {draw(VALUES)}\n")
    return "".join(text)


@given(documents())
def test_scanner_finds_exactly_the_paths_that_tomllib_finds(text):
    assert set(line_numbers(text)) == set(paths_of(tomllib.loads(text)))


@given(documents())
def test_the_line_of_a_key_holds_that_key(text):
    lines = text.split("\n")
    for path, line in line_numbers(text).items():
        assert str(path[-1] if isinstance(path[-1], str) else path[-2]) in lines[line - 1]
