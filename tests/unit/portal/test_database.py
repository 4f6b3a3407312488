"""How the database's address becomes Django's settings."""

from __future__ import annotations

import pytest

from madang.portal.settings import PREPARE_THRESHOLD, _database

ADDRESS = "postgresql://kim:a%2Fb@db.example:6432/madang?sslmode=require"


@pytest.mark.parametrize(
    ("pooled", "threshold"), [("", PREPARE_THRESHOLD), ("0", PREPARE_THRESHOLD), ("1", None)]
)
def test_only_behind_a_pooler_nothing_is_prepared(monkeypatch, pooled, threshold) -> None:
    monkeypatch.setenv("MADANG_DATABASE_POOLED", pooled)
    told = _database(ADDRESS)
    assert told["OPTIONS"] == {"sslmode": "require", "prepare_threshold": threshold}
    assert (told["HOST"], told["PORT"], told["PASSWORD"]) == ("db.example", "6432", "a/b")
