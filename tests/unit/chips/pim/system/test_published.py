"""Published system results: every row says what it assumes, every miss says why."""

from __future__ import annotations

import pytest

from madang.chips.pim.system.published import Row, published, table

ROWS = published()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.system} {row.claim}")
def test_row_says_what_it_assumes_and_a_miss_says_why(row: Row) -> None:
    assert row.verdict in {"within", "MISS", "not run"}
    assert row.assumed if row.ours is not None else row.why
    if row.verdict == "MISS":
        assert row.why


def test_what_the_description_promises_is_within_its_band() -> None:
    held = {(row.system, row.claim) for row in ROWS if row.verdict == "within"}
    assert {
        ("HBM-PIM, ISSCC 2021", "peak of one stack"),
        ("AttAcc, ASPLOS 2024", "throughput, 175B"),
        ("AttAcc, ASPLOS 2024", "energy, 175B"),
        ("GDDR6-AiM, ISSCC 2022", "bandwidth inside a channel"),
        ("CENT, ASPLOS 2025", "Llama-2 70B tokens a second"),
    } <= held


def test_misses_stay_in_the_table() -> None:
    missed = [row for row in ROWS if row.verdict == "MISS"]
    text = "\n".join(table(ROWS))
    assert len(missed) > 3
    assert text.count(" MISS") == len(missed)
    assert all(row.why in text for row in missed)


BANDS = [
    (1.0, 1.25, "is", "within"),
    (1.0, 1.26, "is", "MISS"),
    (1.0, 0.74, "is", "MISS"),
    (2.0, 9.0, "at least", "within"),
    (2.0, 1.99, "at least", "MISS"),
    (2.0, None, "is", "not run"),
]


@pytest.mark.parametrize(("claimed", "ours", "bound", "verdict"), BANDS)
def test_band_is_a_quarter_and_a_bound_is_one_sided(
    claimed: float, ours: float | None, bound: str, verdict: str
) -> None:
    assert Row("s", "c", claimed, ours, "x", "", "", bound).verdict == verdict
