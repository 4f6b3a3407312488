"""One running platform for all scenarios, whose clock only goes on."""

from __future__ import annotations

import pytest
from house import standing_house
from scenes import PEOPLE, Town, running


@pytest.fixture(scope="module")
def town():
    with standing_house() as house, running(house) as ready:
        made = Town(house, ready)
        made.at("2027-01-04 09:00:00")
        made.declare(PEOPLE)
        yield made
