"""What a refusal says in Korean is Korean, also the words that its code puts into it.

Goal: no Latin prose inside a Korean sentence. Method: every call of a refusal in the code is
read; where the Korean sentence has a placeholder, the words that the call gives for it (a text,
an f-string, the keys of a table of faults) are told in Korean, and must come out without Latin
words, but for names and values that the code itself puts in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import madang
from madang.core.errors import MadangError, package_of, sentences_of
from madang.core.words import korean, korean_words
from madang.parties.policies.seeding import default_policies

SRC = Path(madang.__file__).parent
ROOMS = ("core", "parties", "ledger", "metering", "review", "programme", "portal")
WRITTEN = (*ROOMS, "compute", "datahub", "rights", "testbed")
"""Rooms that have words of their own; those of ROOMS are held to be complete."""
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
FILLED = "□"
"""Stands for what a running platform fills in: a number, a name."""
LATIN = re.compile(r"[A-Za-z]{2,}")
PROPER = frozenset({"CP", "JSON", "UTF", "RFC", "NUL", "GPU", "https", "at", "KST"})
FIXED = frozenset({"file", "line", "path", "media_type"})
"""Placeholders that are names of somebody else's things in every language."""


def texts_in(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can be, a square for each value within."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(
                str(p.value) if isinstance(p, ast.Constant) else FILLED for p in parts
            )
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts_in(one), *texts_in(other))
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from texts_in(part)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add()):
            yield text + FILLED


def tables_of(tree: ast.Module) -> Iterator[str]:
    """Keys of tables of faults, `{"no name": is_so, …}`: what a `reason` walks over."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id in {"faults", "missing"}:
                for key in node.value.keys:
                    yield from texts_in(key) if key is not None else ()


@cache
def refusals() -> dict[str, dict[str, type[MadangError]]]:
    """Every refusal by its class's name, in each room."""
    found: dict[str, dict[str, type[MadangError]]] = {}
    for room in ROOMS:
        module = import_module(f"madang.{room}.errors")
        found[room] = {
            name: kind
            for name, kind in vars(module).items()
            if isinstance(kind, type) and issubclass(kind, MadangError)
        }
    return found


def imported(tree: ast.Module, room: str) -> dict[str, type[MadangError]]:
    """The refusals that a module can raise, by the name that it has for them."""
    known = dict(refusals()[room])
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".errors"):
            source = str(node.module).split(".")[1]
            for alias in node.names:
                if alias.name in refusals().get(source, {}):
                    known[alias.asname or alias.name] = refusals()[source][alias.name]
    return known


def given(room: str) -> Iterator[tuple[str, type[MadangError], str, str]]:
    """(where, refusal, placeholder, words) of every call in the room."""
    for path in sorted((SRC / room).rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        known = imported(tree, room)
        tables = list(tables_of(tree))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            kind = known.get(node.func.id)
            for keyword in node.keywords if kind is not None else ():
                where = f"{path.relative_to(SRC)}:{node.lineno}"
                name = keyword.arg or ""
                if name in FIXED or name not in PLACEHOLDER.findall(sentences_of(kind)["ko"]):
                    continue
                words = list(texts_in(keyword.value))
                if name == "reason" and ast.unparse(keyword.value) == "reason":
                    assert tables or words, f"{where}: where does this reason come from?"
                    words = tables
                yield from ((where, kind, name, text) for text in words if text)


def is_korean(kind: type[MadangError], name: str, text: str) -> bool:
    told = str(kind().told(name, text, "ko"))
    return not {word for word in LATIN.findall(told) if word not in PROPER}


@pytest.mark.parametrize("room", ROOMS)
def test_words_that_the_code_puts_into_a_refusal_are_korean(room: str) -> None:
    found = list(given(room))
    left = [
        f"{where} {kind.code} {name}: {text}"
        for where, kind, name, text in found
        if not is_korean(kind, name, text)
    ]
    assert left == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_word_is_both_a_reason_and_a_field(room: str) -> None:
    """One line holds for both: a reason that is only a field's name would be told as one."""
    reasons = {text for _, _, name, text in given(room) if name == "reason"}
    fields = {text for _, _, name, text in given(room) if name == "field"}
    assert reasons & fields == set()


@pytest.mark.parametrize("kind", ["call", "money", "review"])
def test_terms_that_a_refusal_may_name_have_their_korean(kind: str) -> None:
    """`field` is often a variable: the name of a term of a call or of a rule of its review."""
    package = "madang.review" if kind == "review" else "madang.programme"
    assert [name for name in default_policies()[kind] if korean(name, package) == name] == []


def test_the_check_reads_the_rooms() -> None:
    counts = {room: len(list(given(room))) for room in ROOMS}
    assert counts["programme"] > 150
    assert counts["review"] > 20
    assert not is_korean(MadangError, "reason", "no such thing under the sun")


@pytest.mark.parametrize("room", WRITTEN)
def test_a_reason_keeps_its_numbers(room: str) -> None:
    for english, told in korean_words(f"madang.{room}").items():
        if re.search(r"\{\d\}", told):
            continue  # it names its places, and may leave one out
        assert english.count("{}") == told.count("{}"), english


def test_words_of_a_room_go_before_those_of_core() -> None:
    files = "more than 3 files"
    assert korean(files, "madang.programme.banking") == korean(files, "madang.programme")
    assert korean(files, "madang.programme") != korean(files)
    assert korean("never heard of", "madang.programme") == "never heard of"


def test_a_time_is_told_as_people_in_seoul_read_it() -> None:
    late = refusals()["programme"]["SignatureLate"](sign_due_at="2026-03-31T15:00:00Z")
    assert "2026-03-31 24:00 KST" in late.sentence("ko"), "the last day, not the one after it"
    assert "2026-03-31 24:00 KST" in late.sentence("en")
    assert late.fields["sign_due_at"] == "2026-03-31T15:00:00Z"
    assert package_of(type(late)) == "madang.programme"
