"""Times inside sentences: as people in Seoul read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from madang.core.words import seoul_time, until_text

MIDNIGHT = "2026-03-31T15:00:00Z"


@pytest.mark.parametrize("name", ["due", "due_at", "sign_due_at", "until", "closes_at"])
def test_what_ends_with_a_day_ends_at_its_24_00(name):
    assert seoul_time(MIDNIGHT, name) == "2026-03-31 24:00 KST"


@pytest.mark.parametrize("name", ["", "begins_at", "opens_at", "received_at", "residue"])
def test_any_other_instant_keeps_its_own_day(name):
    assert seoul_time(MIDNIGHT, name) == "2026-04-01 00:00 KST"


def test_an_end_within_a_day_is_its_time():
    assert seoul_time("2026-03-31T09:00:00Z", "due_at") == "2026-03-31 18:00 KST"
    assert seoul_time("2026-03-31T15:00:01Z", "due_at") == "2026-04-01 00:00:01 KST"
    assert until_text(datetime(2026, 3, 31, 9, 30, tzinfo=UTC)) == "2026-03-31 18:30"


@pytest.mark.parametrize("name", ["", "due"])
@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_what_seoul_has_no_time_for_stays(text, name):
    assert seoul_time(text, name) == text


@pytest.mark.parametrize("text", ["", "soon", "2026-03-31", "2026-03-31T15:00:00"])
def test_what_is_no_instant_stays(text):
    assert seoul_time(text, "due") == text
