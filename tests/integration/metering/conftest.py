"""A market with money in it, and a till in a process of its own."""

from __future__ import annotations

import pytest
from metering_market import Market
from till_rig import rig, template_url

__all__ = ["rig", "template_url"]


@pytest.fixture
def market(db) -> Market:
    return Market()
