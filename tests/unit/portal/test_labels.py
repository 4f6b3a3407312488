"""Everything that may stand between an expert and an application has a name for people."""

from __future__ import annotations

import inspect
import re
from itertools import product

import pytest

from madang.parties.policies.seeding import default_policies
from madang.portal.labels import CONFLICT_NAMES
from madang.review import conflicts
from madang.review.assignments import candidates

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
