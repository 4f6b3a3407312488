"""A site in public: the plan against what came, the queue, still cards, concentration."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import ScriptedEngine, fact, now
from metering_market import OPERATOR

from madang.compute.engines.types import RunState
from madang.compute.findings.measuring import Interval, take_intervals
from madang.compute.models import Stage as OpeningStage
from madang.compute.sites.figures import concentration, heat_map
from madang.compute.sites.reality import cards_still, plan_and_use, queue_of
from madang.compute.sites.used import used_between
from madang.core.clock import seoul_date, seoul_day_ends, seoul_day_starts
from madang.parties.policies.queries import current_policy
from madang.portal.pages.compute.drawing import heat, plan_against_use

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_a_day_shows_what_the_plan_opens_what_was_busy_and_the_most_at_once(stage):
    engine, grant = ScriptedEngine(), stage.grant()
    yesterday = seoul_day_starts(seoul_date(now()) - DAY)
    first, second = (stage.submit(grant, engine, key, cards=4) for key in ("a", "b"))
    engine.facts = [
        fact(first, starts=yesterday - 6 * HOUR, lasts_s=18 * 3600, cards=4),
        fact(second, starts=yesterday + 12 * HOUR, lasts_s=6 * 3600, cards=4),
    ]
    stage.poll(engine)
    tomorrow = seoul_date(now()) + 5 * DAY
    OpeningStage.objects.create(gpu_class=stage.gpu_class, cards=8, opens_on=tomorrow)
    days = {one.day: one for one in plan_and_use(stage.site, now())}
    before, on = seoul_date(now()) - 2 * DAY, seoul_date(now()) - DAY
    assert (days[before].busy_tenths, days[before].most) == (10, 4), "6 of 24 hours, 4 cards"
    assert (days[on].busy_tenths, days[on].most) == (30, 4), "one ends as the other starts"
    assert (days[on].planned, days[on].busy_text) == (32, "3.0")
    assert (days[tomorrow].planned, days[tomorrow].busy_tenths) == (40, None)
    assert max(days) == tomorrow


def test_the_picture_has_the_numbers_of_its_table(stage):
    days = plan_and_use(stage.site, now())
    drawn = plan_against_use(days, ("busy", "planned"))
    assert [line.label for line in drawn.lines] == ["busy", "planned"]
    assert drawn.y_ticks[-1].label == "32"
    assert drawn.x_ticks[-1].label == days[-1].day.isoformat()
    assert drawn.lines[0].path.count("V") == len(days)


def test_a_site_without_a_stage_has_no_plan(stage):
    OpeningStage.objects.all().delete()
    assert plan_and_use(stage.site, now()) == []


def test_the_queue_is_told_by_class_without_saying_whose(stage):
    engine, grant = ScriptedEngine(), stage.grant()
    assert queue_of(stage.site, now()) == []
    for key, cards in (("a", 2), ("b", 4)):
        stage.submit(grant, engine, key, cards=cards)
    (one,) = queue_of(stage.site, now() + 10 * timedelta(minutes=1))
    assert (one.gpu_class, one.jobs, one.cards) == ("h100", 2, 6)
    assert one.longest_minutes in {10, 11}


def test_cards_that_are_held_and_stand_still_are_counted_once_measured(stage):
    engine, grant = ScriptedEngine(), stage.grant()
    jobs = [stage.submit(grant, engine, key, cards=2) for key in ("a", "b")]
    engine.facts = [fact(one, starts=now() - HOUR, lasts_s=None) for one in jobs]
    engine.live = list(engine.facts)
    stage.poll(engine)
    assert cards_still(stage.site, now()) is None
    for job, permille in zip(jobs, (3, 900), strict=True):
        job.refresh_from_db()
        row = Interval(job.engine_job, permille, 600, now())
        take_intervals(OPERATOR, stage.site, [row], at=now())
    assert cards_still(stage.site, now() + HOUR) == 2


def test_concentration_is_told_only_where_nobody_can_be_picked_out(stage):
    least = current_policy("disclosure", now()).number("small_cell_min")
    for number in range(least - 1):
        stage.grant(f"g{number}", organisation=f"firm{number}", gpu_seconds=1000)
    assert concentration(now()) is None
    stage.grant("big", organisation="big", gpu_seconds=1000 * (least - 1))
    found = concentration(now())
    assert (found.organisations, found.largest_permille) == (least, 500)


def test_a_day_ends_where_the_next_begins(stage):
    today = seoul_date(now())
    assert seoul_day_ends(today) == seoul_day_starts(today + DAY)


def test_an_hour_is_told_by_the_cards_of_its_day_and_none_before_it_comes(stage):
    """Two of 8 cards for an hour are a quarter, although 24 more opened on the day after."""
    engine, grant = ScriptedEngine(), stage.grant()
    today = seoul_date(now())
    OpeningStage.objects.all().delete()
    for cards, opens_on in ((8, today - 2 * DAY), (24, today)):
        OpeningStage.objects.create(gpu_class=stage.gpu_class, cards=cards, opens_on=opens_on)
    yesterday = seoul_day_starts(today - DAY)
    job = stage.submit(grant, engine, "a", cards=2)
    engine.facts = [fact(job, starts=yesterday + 3 * HOUR, lasts_s=3601, cards=2)]
    stage.poll(engine)
    at = seoul_day_starts(today) + 6 * HOUR + HOUR / 2
    rows = heat_map(stage.site, at)
    percents = [[cell.percent for cell in cells] for _, cells in rows]
    assert percents[-2][:6] == [0, 0, 0, 25, 1, 0], "a second of an hour is not nothing"
    assert percents[-1] == [0] * 7 + [None] * 17, "half of the seventh hour has passed"
    assert percents[-4] == [None] * 24, "no card was open"
    assert len(heat(rows).squares) == 24 + 24 + 7


def test_the_hour_that_passes_is_measured_by_what_of_it_has_passed(stage):
    engine, grant = ScriptedEngine(), stage.grant()
    today = seoul_date(now())
    begins = seoul_day_starts(today - DAY)
    OpeningStage.objects.all().delete()
    OpeningStage.objects.create(gpu_class=stage.gpu_class, cards=4, opens_on=today - 2 * DAY)
    job = stage.submit(grant, engine, "a", cards=4)
    engine.facts = [fact(job, starts=begins, lasts_s=3600, cards=4)]
    stage.poll(engine)
    assert heat_map(stage.site, begins + HOUR / 4)[-1][1][0].percent == 100


def test_a_job_that_runs_again_has_waited_when_it_first_began(stage):
    """Begun yesterday, put back, and run again today: today has its seconds and no wait."""
    engine, grant = ScriptedEngine(), stage.grant()
    today = seoul_day_starts(seoul_date(now()))
    job = stage.submit(grant, engine, "a", cards=2, at=today - 20 * HOUR)
    engine.facts = [
        fact(job, starts=today - 15 * HOUR, lasts_s=100, state=RunState.PREEMPTED),
        fact(job, starts=today + timedelta(seconds=1), lasts_s=50),
    ]
    stage.poll(engine)
    yesterday, found = (
        used_between(stage.site, begins, begins + DAY) for begins in (today - DAY, today)
    )
    assert (found.gpu_seconds, list(found.wait_s)) == (100, [])
    assert (yesterday.gpu_seconds, list(yesterday.wait_s)) == (200, [5 * 3600])
