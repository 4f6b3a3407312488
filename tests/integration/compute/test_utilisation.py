"""From a measurement to cards that go back: real processes of the local engine, an exporter's
figures, and means that become samples."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from compute_stage import PLATFORM, ScriptedEngine, Stage, fact, now
from django.db import connection
from django.test.utils import CaptureQueriesContext
from metering_market import OPERATOR
from slurm_rig import until

from madang.compute.classes.actions import ClassFacts, declare_class
from madang.compute.duties import compute_due
from madang.compute.errors import SampleInvalid
from madang.compute.findings.feeding import feed_site
from madang.compute.findings.feeds.local import read_local
from madang.compute.findings.measuring import (
    Interval,
    Told,
    take_intervals,
    take_means,
    utilisation_of,
)
from madang.compute.findings.models import IdleCase, Source, UtilisationSample
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.actions import ref_of
from madang.compute.policy import policy_at
from madang.compute.sites.engines import engine_for, local_root
from madang.compute.sites.models import EngineKind
from madang.core.errors import NotAllowed
from madang.core.units import Meter, Unit
from madang.parties.actor import Actor, Role

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WAIT_S_MAX = 60


@pytest.fixture
def machine(settings, tmp_path, monkeypatch):
    """A site of one machine, under a folder of the test's own."""
    monkeypatch.setenv("MADANG_TEST", "1")
    settings.DATA_DIR = tmp_path
    return Stage(engine=EngineKind.LOCAL, user="", cards=4)


def running(stage, script: str, key: str = "k1"):
    grant = stage.grant(cards_max=2)
    engine = engine_for(stage.site, now())
    job = stage.submit(grant, engine, key, script=script, time_limit_s=3600)

    def look():
        stage.poll(engine)
        job.refresh_from_db()
        return job.state == "running" or None

    until(look, WAIT_S_MAX)
    return grant, engine, job


def test_cards_that_stand_idle_are_measured_noticed_twice_and_go_back(machine):
    grant, engine, job = running(machine, "exec sleep 3000")
    at = now()
    for hours, state in ((1, "noticed"), (60, "noticed"), (73, "noticed_again")):
        compute_due(PLATFORM, at=at + hours * HOUR)
        assert IdleCase.objects.get().state == state
    compute_due(PLATFORM, at=at + 146 * HOUR)
    grant.refresh_from_db()
    assert (grant.state, IdleCase.objects.get().state) == ("withdrawn", "reclaimed")
    assert standing_of(grant).available == 0

    def ended():
        machine.poll(engine)
        job.refresh_from_db()
        return job.state == "cancelled" or None

    until(ended, WAIT_S_MAX)
    machine.check(grant)
    sources = set(UtilisationSample.objects.values_list("source", flat=True))
    assert sources == {"cpu"}, "a stand-in is named as one"


def test_a_job_whose_children_compute_is_seen_to_be_busy(machine):
    _, engine, job = running(machine, "sh -c 'while :; do :; done' & wait")

    def busy():
        feed_site(machine.site, at=now())
        newest = UtilisationSample.objects.filter(job=job).order_by("-no").first()
        return newest is not None and newest.permille > 100

    try:
        until(busy, WAIT_S_MAX)
    finally:
        engine.cancel(ref_of(job), "test", grace_s=1)
        until(lambda: engine.status([ref_of(job)])[0].ended_at, WAIT_S_MAX)
    assert list(read_local(local_root(machine.site), now())) == [], "nothing runs any more"


@pytest.fixture
def held(stage):
    """A running job on a cluster whose facts the test writes."""
    engine, grant = ScriptedEngine(), stage.grant()
    job = stage.submit(grant, engine)
    engine.facts = [fact(job, starts=now() - HOUR, lasts_s=None)]
    engine.live = list(engine.facts)
    stage.poll(engine)
    job.refresh_from_db()
    assert job.state == "running"
    return grant, job


def samples(job):
    return list(job.samples.order_by("no").values_list("permille", "seconds"))


def test_a_mean_since_the_start_becomes_what_happened_since_the_last_look(stage, held):
    _, job = held
    at = now()
    told = [(600_000, 1000), (1_200_000, 500), (1_200_000, 500), (60_000, 300)]
    for number, (elapsed_ms, permille) in enumerate(told):
        means = [Told(job.engine_key, elapsed_ms, permille), Told("nobody", 1000, 7)]
        take_means(stage.site, means, Source.GPUUTIL, at=at + number * timedelta(minutes=10))
    assert samples(job) == [(1000, 600), (0, 600), (300, 60)], "the last one started anew"


def test_the_best_word_about_a_job_counts(stage, held):
    grant, job = held
    at = now()
    take_means(stage.site, [Told(job.engine_key, 7_200_000, 10)], Source.CPU, at=at)
    policy = policy_at(at)
    assert utilisation_of(grant, policy, at) == 10
    rows = [Interval(job.engine_job, 900, 1800, at - n * HOUR / 2) for n in range(2)]
    assert take_intervals(OPERATOR, stage.site, rows, at=at) == (2, 0)
    assert take_intervals(OPERATOR, stage.site, rows, at=at) == (2, 0), "again is nothing"
    assert utilisation_of(grant, policy, at) == 900
    assert utilisation_of(grant, policy, at + 24 * HOUR) is None, "the window has passed"


def test_what_was_measured_for_too_short_a_time_says_nothing(stage, held):
    grant, job = held
    at = now()
    take_intervals(OPERATOR, stage.site, [Interval(job.engine_job, 0, 3599, at)], at=at)
    assert utilisation_of(grant, policy_at(at), at) is None


def test_jobs_of_nobody_are_counted_and_left(stage, held):
    _, job = held
    rows = [Interval("9999", 5, 60, now()), Interval(job.engine_job, 5, 60, now())]
    assert take_intervals(OPERATOR, stage.site, rows, at=now()) == (1, 1)


WRONG = [("permille", 1001, 60, 0), ("permille", -1, 60, 0), ("seconds", 5, 0, 0),
         ("at", 5, 60, 120)]  # fmt: skip


@pytest.mark.parametrize(("field", "permille", "seconds", "ahead_s"), WRONG)
def test_figures_that_cannot_be_are_refused_whole(
    stage, held, field, permille, seconds, ahead_s
):
    _, job = held
    at = now()
    rows = [
        Interval(job.engine_job, 5, 60, at),
        Interval(job.engine_job, permille, seconds, at + timedelta(seconds=ahead_s)),
    ]
    with pytest.raises(SampleInvalid) as refused:
        take_intervals(OPERATOR, stage.site, rows, at=at)
    assert refused.value.fields["field"] == field
    assert samples(job) == []


STRANGERS = [
    Actor("x", frozenset({Role.BENEFICIARY})),
    Actor("x", frozenset({Role.SUPPLIER}), suppliers=frozenset({UUID(int=1)})),
    Actor("x", frozenset({Role.SUPPLIER})),
]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nobody_but_an_operator_or_the_sites_supplier_brings_figures(stranger):
    stage = Stage(won_each="1.5")
    with pytest.raises(NotAllowed):
        take_intervals(stranger, stage.site, [], at=now())


def test_the_supplier_whose_cards_stand_there_brings_figures_with_its_own_token():
    stage = Stage(won_each="1.5")
    supplier = stage.gpu_class.offering.supplier_id
    teller = Actor("s", frozenset({Role.SUPPLIER}), suppliers=frozenset({supplier}))
    rows = [Interval("999", 5, 60, now())]
    assert take_intervals(teller, stage.site, rows, at=now()) == (0, 1)


def test_a_supplier_says_nothing_of_the_cards_of_another_at_the_same_site():
    """Idle cards are taken back: only who sells them tells of them."""
    stage, engine = Stage(won_each="1.5"), ScriptedEngine()
    job = stage.submit(stage.grant(), engine)
    other = stage.market.offering(
        "far/a100", unit=Unit.GPU_SECOND, won_each="2", meter=Meter.COMPUTE
    )
    declare_class(OPERATOR, stage.site, other, ClassFacts("a100", "gpu:a100", 8), at=now())
    rival = Actor("s", frozenset({Role.SUPPLIER}), suppliers=frozenset({other.supplier_id}))
    rows = [Interval(job.engine_job, 0, 3600, now())]
    assert take_intervals(rival, stage.site, rows, at=now()) == (0, 1)
    assert samples(job) == []
    seller = stage.gpu_class.offering.supplier_id
    own = Actor("s", frozenset({Role.SUPPLIER}), suppliers=frozenset({seller}))
    assert take_intervals(own, stage.site, rows, at=now()) == (1, 0)


def test_many_figures_cost_no_more_statements_than_one(stage, held):
    _, job = held
    at = now()
    asked = []
    for count in (1, 200):
        rows = [Interval(job.engine_job, 5, 60, at - n * HOUR / 60) for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert take_intervals(OPERATOR, stage.site, rows, at=at) == (count, 0)
        asked.append(len(queries))
    assert asked[0] == asked[1]
