"""Goal: the table is complete, fits are what a search finds, targets count held-out rows only.
Method: the table itself; no number of it is repeated here.
"""

from __future__ import annotations

import pytest

from madang.chips.predict import kernels, published, validate
from madang.chips.predict.chips import table

LINES = validate.lines()


def test_every_published_row_is_in_the_table_with_its_source() -> None:
    ids = {one.id for one in LINES if one.suite == "llm throughput"}
    assert len(ids) == len(table("llm-throughput.csv"))
    assert all(one.source for one in LINES)


def test_a_row_without_a_prediction_says_why() -> None:
    unknown = [one for one in LINES if one.predicted is None]
    assert unknown
    assert all("not stated" in one.note for one in unknown)


@pytest.mark.parametrize("target", validate.targets(LINES), ids=lambda one: one.name)
def test_targets_are_kept(target: validate.Target) -> None:
    assert target.rows > 0
    assert target.held


def test_targets_never_count_a_fitted_row() -> None:
    fitted = {i for one in published.CALIBRATED for i in (published.calibrated(one) or 0).rows}
    held_out = {one.id for one in LINES if one.standing == "held out"}
    assert fitted
    assert not fitted & held_out


@pytest.mark.parametrize("device", published.FITTED_CHIPS)
def test_the_stored_fit_is_what_a_search_finds(device: str) -> None:
    stored = published.calibrated(device)
    assert published.fit(stored.name, published.rows_to_fit(device)) == stored


def test_misses_are_shown() -> None:
    far = validate.misses(LINES)
    assert any(one.device == "Warboy" for one in far)
    assert all(abs(one.error or 0) > validate.FAR for one in far)


def test_the_link_share_of_the_default_is_the_fit_on_all_reduces() -> None:
    from madang.chips.predict.serving import DEFAULT

    share, latency_us = kernels.fit_reduces(kernels.all_reduces())
    assert (share, latency_us) == (DEFAULT.link, 14.0)
