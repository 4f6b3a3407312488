"""What was read and what was posted move together, or neither does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import fact, now

from madang.compute import polling
from madang.compute.attempts.models import AttemptFactRow
from madang.compute.grants.queries import standing_of
from madang.compute.lines.models import Line

pytestmark = pytest.mark.django_db
READ_TO = "1795730000"


class Died(Exception):
    """The platform, between two lines."""


@pytest.fixture
def job(stage, engine, monkeypatch):
    made = stage.submit(stage.grant(), engine)
    begun = now().replace(microsecond=0) - timedelta(minutes=2)
    facts = [fact(made, starts=begun, lasts_s=60)]
    asked: list[str] = []

    def usage(cursor):
        asked.append(cursor)
        return facts, READ_TO

    monkeypatch.setattr(engine, "usage", usage)
    monkeypatch.setattr(engine, "asked", asked, raising=False)
    return made


def test_the_next_reading_begins_where_the_last_one_that_was_posted_ended(stage, engine, job):
    stage.poll(engine)
    stage.poll(engine)
    assert engine.asked == ["", READ_TO]
    assert standing_of(job.grant).used == 120


@pytest.mark.parametrize("at", ["settle_job", "close_notes", "explain"])
def test_a_platform_that_dies_while_it_posts_has_read_and_posted_nothing(
    stage, engine, job, monkeypatch, at
):
    def die(*args, **named):
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(polling, at, die)
        with pytest.raises(Died):
            stage.poll(engine)
    stage.site.refresh_from_db()
    assert (stage.site.cursor, stage.site.polled_at) == ("", None)
    assert not Line.objects.exists() and not AttemptFactRow.objects.exists()
    assert (standing_of(job.grant).used, standing_of(job.grant).held) == (0, 120)
    stage.poll(engine)
    assert engine.asked == ["", ""]
    assert Line.objects.count() == 1
    stage.check(job.grant)
