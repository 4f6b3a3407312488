"""`make run ARGS=--once` as a stranger runs it, twice: exit 0, every step, the report's shape.

The second run keeps the first one's data and walks a fresh call.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House, folder_for_a_house

ROOT = Path(__file__).parents[2]
WALK_S_MAX = 600
STEPS = [
    *(
        "declare",
        "chip lab",
        "chip order",
        "data demand",
        "data call",
        "call",
        "application",
        "eligibility",
        "review",
        "award",
        "agreement",
    ),
    *("voucher", "model call", "charge", "delivery"),
    *("statement", "payout", "statement", "payout"),
    *("gpu call", "gpu job", "gpu charge", "statement", "payout"),
    *("data award", "data goals", "data delivery", "data release"),
    *("chip report", "chip board", "trial balance"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def walk(house: House) -> subprocess.CompletedProcess[str]:
    names = ("portal", "gateway", "sample")
    ports = [word for name in names for word in (f"--{name}-port", str(free_port()))]
    return subprocess.run(
        [sys.executable, "-m", "madang.cli", "demo", "--once", *ports, "--json"],
        cwd=ROOT,
        env=house.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WALK_S_MAX,
        check=False,
    )


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_for_a_house() as data:
        yield House(data)


@pytest.mark.parametrize("which", ["first", "second"])
def test_walk_ends_well_and_leaves_its_report(house, which):
    done = walk(house)
    report = json.loads((house.data / "walk.json").read_text())
    assert done.returncode == 0, (which, report.get("error"), report["steps"][-1], done.stderr)
    assert json.loads(done.stdout) == report
    assert report["ok"] is True
    assert [step["name"] for step in report["steps"]] == STEPS
    for step in report["steps"]:
        assert set(step) == {"name", "ok", "amounts", "ids"}
        assert step["ok"] is True
        assert all(type(amount) is int for amount in step["amounts"].values())
        assert all(name.endswith("_microwon") for name in step["amounts"])
    check_money(report)


def check_money(report: dict) -> None:
    """The figures of the report agree with each other and with the published example."""
    call = report["call"]
    assert set(call) == {"id", "usage", "charge_microwon"}
    assert call["usage"]["prompt_tokens"] > 0 and call["usage"]["completion_tokens"] > 0
    assert call["charge_microwon"] > 0
    delivery = next(step for step in report["steps"] if step["name"] == "delivery")["amounts"]
    parts = ("subsidy_microwon", "own_microwon", "vat_microwon")
    assert sum(delivery[name] for name in parts) == delivery["total_microwon"]
    assert delivery["total_microwon"] == 1_980_000 * 1_000_000
    balance = report["trial_balance"]
    assert balance["balanced"] is True
    assert set(balance["books"]) == {"M", "B", "K", "Q"}
    for totals in balance["books"].values():
        assert totals["debit_microwon"] == totals["credit_microwon"]
