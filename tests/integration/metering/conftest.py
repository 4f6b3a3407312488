"""A market with money in it."""

from __future__ import annotations

import pytest
from metering_market import Market


@pytest.fixture
def market(db) -> Market:
    return Market()
