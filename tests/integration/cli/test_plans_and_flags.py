"""A plan and two firms under one roof, declared; the finding is decided by a person."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

DEMONSTRATION = Path(__file__).parents[3] / "demo" / "plans.toml"
ROADMAP = DEMONSTRATION.with_name("roadmap.toml")
CALL = """
[[person]]
email = "ann@agency.example"
organisation = "msit"
roles = ["operator"]

[[organisation]]
code = "hana"
name = { ko = "하나", en = "Hana" }
kind = "sme"
address = "서울시 마포구 1"
bank_account = "110-234-567890"
"""


PLAN = DEMONSTRATION.read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def first_answer(house):
    return house.apply(PLAN + CALL)


def test_plan_of_the_demonstration_is_the_published_one(house, first_answer):
    assert "plan:pim" in first_answer.data["created"], first_answer.errors
    again = house.apply(PLAN + CALL)
    assert again.data["created"] == again.data["changed"] == []
    lines = tomllib.loads(PLAN)["plan"][0]["line"]
    assert sum(line["planned_won"] for line in lines) == 402_700_000_000
    assert {(line["year"], line["through"]) for line in lines} == {(2022, 2028)}
    longer = house.apply(PLAN.replace("through = 2028", "through = 2029"))
    assert longer.data["changed"] == ["plan:pim"]


def test_looking_finds_nothing_where_nothing_is_odd(house):
    found = house.madang("flag", "find", "--as", "ann@agency.example")
    assert found.data == {"new": 0, "changed": 0, "same": 0}, found.errors
    assert house.madang("flag", "list").data == {"flags": []}


def test_deciding_what_does_not_exist_is_refused(house):
    nobody = "00000000-0000-7000-8000-000000000000"
    told = house.madang("flag", "clear", nobody, "--reason", "r", "--as", "ann@agency.example")
    assert (told.code, told.error["code"]) == (1, "core.request.not_found")


def test_demonstrations_roadmap_holds_the_published_figures(house):
    made = house.apply(ROADMAP.read_text(encoding="utf-8"))
    assert made.code == 0, made.errors
    assert len(made.data["created"]) == 16
    again = house.apply(ROADMAP.read_text(encoding="utf-8"))
    assert len(again.data["unchanged"]) == 16
    goals = tomllib.loads(ROADMAP.read_text(encoding="utf-8"))["build_goal"]
    by_half = Counter()
    for one in goals:
        by_half[one["half_year"]] += one["target"] if one.get("field") else 0
    assert (by_half["2021H1"], by_half["2022H1"]) == (170, 190)
