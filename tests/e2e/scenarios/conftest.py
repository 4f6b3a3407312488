"""One running platform for all scenarios, whose clock only goes on."""

from __future__ import annotations

import pytest
from house import standing_house
from scenes import PEOPLE, Town, running


@pytest.fixture(scope="module")
def town():
    with standing_house() as house, running(house) as ready:
        made = Town(house, ready)
        told = house.madang("clock", "set", "2027-01-04T09:00:00+09:00")
        assert told.code == 0, told
        made.declare(PEOPLE)
        yield made
