"""A small programme, over PostgreSQL and over memory."""

from __future__ import annotations

import pytest
from ledger_support.memory import MemoryJournals
from ledger_support.world import World

from madang.ledger.books.postgres import POSTGRES


@pytest.fixture
def world(db) -> World:
    return World()


@pytest.fixture(params=["postgres", "memory"])
def journals(request):
    """Where the postings of a test go: each runs over both places."""
    if request.param == "memory":
        return MemoryJournals()
    request.getfixturevalue("db")
    return POSTGRES
