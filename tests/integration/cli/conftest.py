"""One installation for all command-line tests of a module."""

from __future__ import annotations

import pytest
from house import standing_house


@pytest.fixture(scope="module")
def house():
    with standing_house() as found:
        yield found
