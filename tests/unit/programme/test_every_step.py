"""Each step of each workflow table is taken by a test, and each guard refuses in one.

Goal: no arrow and no guard of a drawing without its test. Method: `tests/steps.txt` names the
test, which exists; the fixture `watched_steps` checks that it does so, while it runs.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from steps import REFUSES, TAKES, lines

from madang.parties.workflow import Workflow
from madang.programme import workflows

ROOT = Path(__file__).parents[3]
TABLES = sorted(
    (one for one in vars(workflows).values() if isinstance(one, Workflow)),
    key=lambda one: one.noun,
)


def arrows(table: Workflow) -> set[str]:
    """Every step from every state, but for those that the clock alone takes."""
    derived = {state.code for state in table.states if state.derived}
    return {
        f"{table.noun}.{step.code}/{source}"
        for step in table.transitions
        if step.target not in derived
        for source in step.sources
    }


def guarded(table: Workflow) -> set[str]:
    return {f"{table.noun}.{step.code}" for step in table.transitions if step.guard}


def said(way: str, table: Workflow) -> set[str]:
    return {
        step for found, step, _ in lines() if found == way and step.startswith(table.noun + ".")
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda one: one.noun)
def test_every_step_is_taken_by_a_test(table) -> None:
    assert said(TAKES, table) == arrows(table)


@pytest.mark.parametrize("table", TABLES, ids=lambda one: one.noun)
def test_every_guard_refuses_in_a_test(table) -> None:
    assert said(REFUSES, table) == guarded(table)


def test_every_noun_is_of_one_table() -> None:
    nouns = [table.noun for table in TABLES]
    assert len(nouns) == len(set(nouns))
    assert {step.partition(".")[0] for _, step, _ in lines()} == set(nouns)


@cache
def functions_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    for _, _, test in lines():
        path, _, name = test.partition("::")
        assert name.partition("[")[0] in functions_in(path), test
