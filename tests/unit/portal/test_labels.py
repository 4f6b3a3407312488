"""What the rooms name by a code has a name for people on every page that shows it."""

from __future__ import annotations

import inspect
import re
from itertools import product
from pathlib import Path

import pytest

from madang.compute.advice import ADVICE
from madang.parties.policies.seeding import default_policies
from madang.portal.labels import CONFLICT_NAMES, LABELS, OPEN_NAMES, OTHER_STATES
from madang.programme.years import closing
from madang.review import conflicts
from madang.review.assignments import candidates

ROOT = Path(__file__).parents[3]
PLACES = [
    f"same_{lately}{place}"
    for lately, place in product(("", "former_"), ("unit", "organisation"))
]
TIES = default_policies()["review"]["conflict_kinds"]
FOUND = re.findall(r'ConflictFound\("(\w+)"', inspect.getsource(conflicts))
AGAINST = re.findall(r'append\("(\w+)"\)', inspect.getsource(candidates))


def test_the_code_was_read():
    assert set(FOUND) == {"self", "affiliate_organisation"}
    assert set(AGAINST) == {"load", "not_apart", "challenged"}


@pytest.mark.parametrize("kind", [*PLACES, *TIES, *FOUND, *AGAINST])
def test_what_stands_against_an_expert_has_a_name(kind):
    assert str(CONFLICT_NAMES[kind])


NOUNS = re.findall(r'OpenThing\(\s*"(\w+)"', inspect.getsource(closing))


@pytest.mark.parametrize("noun", NOUNS)
def test_what_keeps_a_year_open_has_a_name_and_its_states_too(noun):
    assert str(OPEN_NAMES[noun])
    assert noun in LABELS or OTHER_STATES[noun]


def test_nouns_of_a_year_were_read():
    assert {"call", "voucher", "award", "milestone", "statement", "dispute"} <= set(NOUNS)


@pytest.mark.parametrize("page", ["how-to/connect-slurm.md", "ko/connect-slurm.md"])
def test_every_cause_that_the_guide_explains_has_a_name(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)) - {"cause"}  # its heading
    assert {"overcounted", "unheard"} <= told
    assert told <= set(OTHER_STATES["gpu_cause"])


def causes_in_code() -> set[str]:
    """Those that stand in a call that notes a finding or a difference, as text or by name."""
    found = set()
    for path in (ROOT / "src/madang/compute").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'\bfind\(\s*[\w.]+,\s*"([a-z_]+)"', text))
        found |= set(re.findall(r'\b_of\(fact, "([a-z_]+)"', text))
        found |= set(
            re.findall(r'^(?:STRAY|UN[A-Z]+|CANCEL_REFUSED) = "([a-z_]+)"', text, re.MULTILINE)
        )
    return found


def test_causes_were_read():
    assert {"clock", "borne_changed", "phantom", "stray", "unheard"} <= causes_in_code()


@pytest.mark.parametrize("page", ["how-to/connect-slurm.md", "ko/connect-slurm.md"])
def test_every_cause_that_there_is_stands_in_the_table_of_the_guide(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`[a-z_`, ]+`) \|", text, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}
    causes = causes_in_code() | set(ADVICE) | set(OTHER_STATES["gpu_cause"])
    assert causes - told == set()


def test_every_cause_of_a_finding_has_a_name():
    assert causes_in_code() <= set(OTHER_STATES["gpu_cause"])
