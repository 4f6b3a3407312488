"""The planner asks the platform for a site that is declared there."""

from __future__ import annotations

import pytest

SITE = """
[[site]]
code = "here"
name = { ko = "여기", en = "Here" }
engine = "local"

[[gpu_class]]
code = "card"
site = "here"
gres = "gpu"
cards_max = 8
cards_per_server = 4
teraflops_per_card = 500
  [[gpu_class.stage]]
  cards = 8
  opens_on = "2026-03-01"
  [[gpu_class.stage]]
  cards = 10
  opens_on = "2026-03-16"
"""
APPLICATIONS = "id,cards,gpu_hours,starts_on,ends_on\n" + "".join(
    f"a{n},{1 << n % 3},{200 << n % 3},2026-03-01,2026-03-31\n" for n in range(6)
)


@pytest.fixture
def applications(tmp_path):
    path = tmp_path / "round.csv"
    path.write_text(APPLICATIONS, encoding="utf-8")
    return str(path)


def test_a_declared_site_is_planned_with_its_stages(house, applications):
    house.apply(SITE)
    words = ("compute", "plan", "--applications", applications, "--seeds", "3")
    told = house.madang(*words, "--site", "here")
    assert told.data["site"] == "here", told.errors
    assert told.data["at_declared"]["cards"] == 16
    assert [one["opens_on"] for one in told.data["stages"]["plan"]] == [
        "2026-03-01",
        "2026-03-16",
    ]


def test_petaflops_become_cards_by_the_class_of_a_declared_site(house, tmp_path):
    house.apply(SITE)
    path = tmp_path / "petaflops.csv"
    row = "a,1.2,2026-03-01,2026-03-31\n"
    path.write_text("id,petaflops,starts_on,ends_on\n" + row, encoding="utf-8")
    words = ("compute", "plan", "--applications", str(path), "--seeds", "3", "--site", "here")
    told = house.madang(*words, "--policy", "dedicated")
    assert (told.data["cards_asked"], told.data["needed_cards"]) == (3, 4), told.errors


def test_a_site_that_is_not_declared_is_refused(house, applications):
    told = house.madang("compute", "plan", "--applications", applications, "--site", "nowhere")
    assert told.error["code"] == "compute.site.unknown"
