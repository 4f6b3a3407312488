"""What a reading only notes is open as long as readings tell it, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import changed, fact, now

from madang.compute.attempts.models import Attempt
from madang.compute.engines.types import Discrepancy
from madang.compute.findings.models import Finding

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(stage, engine):
    """One that runs, for the controller."""
    job = stage.submit(stage.grant(), engine)
    begun = now().replace(microsecond=0) - timedelta(minutes=2)
    told = fact(job, starts=begun, lasts_s=None)
    engine.live = [changed(told, source="controller")]
    return told


def noted(run, cause: str) -> Discrepancy:
    booked = None if cause == "unbooked" else run
    return Discrepancy(run.job_id, run.key, cause, booked, run, doubts=False)


def found() -> list[tuple[str, str]]:
    return list(Finding.objects.order_by("cause").values_list("cause", "state"))


@pytest.mark.parametrize("cause", ["unbooked", "phantom"])
def test_a_note_is_explained_when_the_books_agree_and_opens_again_when_they_do_not(
    stage, engine, run, cause
):
    engine.doubts = [noted(run, cause)]
    for _ in range(2):
        stage.poll(engine)
    assert found() == [(cause, "open")]
    engine.doubts, engine.facts = [], [run]
    stage.poll(engine)
    assert found() == [(cause, "explained")]
    engine.doubts = [noted(run, cause)]
    stage.poll(engine)
    assert found() == [(cause, "open")]


def test_a_phantom_that_accounting_no_longer_shows_is_still_one(stage, engine, run):
    """Its end is older than what is compared: the controller alone tells it then, unbooked."""
    engine.doubts = [noted(run, "phantom")]
    stage.poll(engine)
    engine.doubts = [noted(run, "unbooked")]
    stage.poll(engine)
    assert found() == [("phantom", "open"), ("unbooked", "open")]


def test_what_is_disputed_is_not_explained_by_silence(stage, engine, run):
    ended = changed(run, ended_at=run.started_at + timedelta(seconds=60))
    engine.facts, engine.live = [ended], []
    engine.doubts = [Discrepancy(run.job_id, run.key, "phantom", ended, None)]
    stage.poll(engine)
    engine.facts, engine.doubts = [], []
    stage.poll(engine)
    assert found() == [("phantom", "open")]


def test_a_phantom_that_was_disputed_and_is_only_noted_by_now_is_explained_in_its_turn(
    stage, engine, run
):
    """Its node's record came late and settled the amount; the controller let go of it after."""
    ended = changed(run, ended_at=run.started_at + timedelta(seconds=60))
    engine.facts = [ended]
    engine.doubts = [Discrepancy(run.job_id, run.key, "phantom", ended, run)]
    stage.poll(engine)
    engine.doubts = [noted(ended, "phantom")]
    for _ in range(2):
        stage.poll(engine)
    assert found() == [("phantom", "open")]
    assert not Attempt.objects.get().is_disputed
    engine.doubts, engine.live = [], []
    stage.poll(engine)
    assert found() == [("phantom", "explained")]
