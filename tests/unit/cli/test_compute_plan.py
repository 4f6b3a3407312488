"""The planner at the command line: one JSON object, exit codes, refusals with their codes."""

from __future__ import annotations

import json

import pytest

from madang.cli.main import run


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:
    code = run(["compute", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_backtest_against_published_figures_holds_every_line(capsys):
    code, found = answer(capsys, "backtest")
    assert (code, found["missed"]) == (0, 0)
    groups = {line["group"] for line in found["lines"]}
    assert groups == {"muri-simulated", "muri-testbed", "round"}
    assert sum(line["group"] == "muri-simulated" for line in found["lines"]) == 48
