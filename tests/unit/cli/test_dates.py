"""Dates of the demonstration are relative to its first start."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from madang.cli.declarations.reader import Source, read
from madang.cli.walk.awarding import deposit_for
from madang.cli.walk.dates import rendered
from madang.cli.walk.script import read_script

DEMO = Path(__file__).parents[3] / "demo"
START = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # already 2027 in Seoul
VALUES = {"sample_port": "9001", "published_code": "v-published-1", "run": "1"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('year = "{{year}}"', "year = 2027"),
        ("{{start}}", "2026-12-31T16:30:00Z"),
        ("{{start-30d}}", "2026-12-01T16:30:00Z"),
        ("{{today}}", "2027-01-01"),
        ("{{today+60d}}", "2027-03-02"),
        ("{{sample_port}}", "9001"),
    ],
)
def test_marks_are_filled_in(text, wanted):
    assert rendered(text, START, VALUES) == wanted


def test_unknown_mark_is_an_error():
    with pytest.raises(KeyError):
        rendered("{{nobody}}", START)


def test_every_declaration_of_the_demonstration_is_readable():
    applied = [*DEMO.glob("*.toml"), *(DEMO / "each-walk").glob("*.toml")]
    paths = [path for path in sorted(applied) if path.name != "walk.toml"]
    sources = [Source(p.name, rendered(p.read_text("utf-8"), START, VALUES)) for p in paths]
    tables = {one.table for one in read(sources)}
    assert tables >= {
        "programme",
        "organisation",
        "person",
        "offering",
        "voucher",
        "call",
        "key",
    }


def test_real_plans_budget_is_a_figure_of_2022_and_data():
    text = rendered((DEMO / "programme.toml").read_text("utf-8"), START, VALUES)
    assert tomllib.loads(text)["programme"][0]["budget_won"] == 8_500_000_000


def test_walk_asks_enough_reviewers_for_every_panel():
    script = read_script(DEMO / "walk.toml")
    for one in script.application:
        able = [reviewer for reviewer in script.reviewer if one.organisation in reviewer.scores]
        assert len(able) >= script.call.rules["panel"], one.organisation


def test_deposit_covers_own_part_and_vat_of_all_that_the_subsidy_carries():
    assert deposit_for(800_000_000_000) == 300_000_000_000
    assert deposit_for(1_000_000) == 1_000_000  # up to the won
