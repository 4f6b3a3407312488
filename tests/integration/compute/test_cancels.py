"""A cancel that the engine refuses: found, told, asked again, and nobody else waits for it."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from compute_stage import ScriptedEngine, fact, now
from metering_market import OPERATOR

from madang.compute.duties import poll_all
from madang.compute.engines.types import RunState
from madang.compute.errors import EngineRefused, EngineUnwell
from madang.compute.findings.models import Finding
from madang.compute.jobs.actions import ask_for_end, cancel_job
from madang.compute.jobs.queries import job_report
from madang.compute.sites.models import Site
from madang.parties.actor import system_actor

pytestmark = pytest.mark.django_db


class Unyielding(ScriptedEngine):
    """Refuses to cancel what is named."""

    def __init__(self):
        super().__init__()
        self.kept: set[str] = set()

    def cancel(self, ref, reason, *, grace_s):
        if ref.key in self.kept:
            raise EngineRefused(site="gwangju", reason="Access/permission denied (2002)")
        super().cancel(ref, reason, grace_s=grace_s)


@pytest.fixture
def engine():
    return Unyielding()


@pytest.fixture
def jobs(stage, engine):
    """Two that run and whose cancel has not reached the engine."""
    grant = stage.grant()
    made = [stage.submit(grant, engine, key) for key in ("k1", "k2")]
    for job in made:
        job.refresh_from_db()
    engine.kept = {made[0].engine_key}
    engine.live = [fact(job, starts=now(), lasts_s=None) for job in made]
    for job in made[1:]:
        cancel_job(OPERATOR, job, ScriptedEngine(), at=now())
    with pytest.raises(EngineRefused):  # whoever asks is told at once
        cancel_job(OPERATOR, made[0], engine, at=now())
    return made


def found() -> list[tuple[str, str]]:
    rows = Finding.objects.filter(cause="cancel_refused").values_list("what", "state")
    return list(rows)


def test_one_refused_cancel_is_found_and_the_others_go_on(stage, engine, jobs, caplog):
    polled = stage.poll(engine)
    assert (polled.cancelled, engine.cancelled) == (1, [jobs[1].engine_key])
    assert found() == [(str(jobs[0].id), "open")]
    detail = Finding.objects.get(cause="cancel_refused").detail
    assert detail == {
        "grant": "g1", "job": jobs[0].engine_job, "reason": "Access/permission denied (2002)",
    }  # fmt: skip
    assert "Access/permission denied (2002)" in caplog.text
    stage.poll(engine)
    assert found() == [(str(jobs[0].id), "open")]


def test_a_cancel_that_is_taken_at_last_explains_its_finding(stage, engine, jobs):
    stage.poll(engine)
    engine.kept = set()
    stage.poll(engine)
    assert jobs[0].engine_key in engine.cancelled
    assert found() == [(str(jobs[0].id), "explained")]


def test_an_end_explains_it_too(stage, engine, jobs):
    stage.poll(engine)
    ended = [replace(one, ended_at=now(), state=RunState.CANCELLED) for one in engine.live]
    engine.live, engine.facts = [], ended
    stage.poll(engine)
    jobs[0].refresh_from_db()
    assert jobs[0].ended_at is not None
    assert found() == [(str(jobs[0].id), "explained")]


def test_a_site_with_a_user_that_is_not_here_keeps_no_other_from_being_read(settings, tmp_path):
    settings.DATA_DIR = str(tmp_path)
    for code, user in (("a", "no-such-user"), ("b", "nobody" if os.geteuid() == 0 else "")):
        Site.objects.create(code=code, engine="local", user=user, created_at=now())
    assert poll_all(system_actor("worker"), at=now()) == 1


def test_a_site_whose_engine_says_no_keeps_no_other_from_being_read(stage, monkeypatch):
    def engine_for(site, at):
        raise EngineRefused(site=site.code, reason="not now")

    monkeypatch.setattr("madang.compute.duties.engine_for", engine_for)
    assert poll_all(system_actor("worker"), at=now()) == 0


def test_a_cancel_asked_for_while_the_engine_is_away_is_kept_and_carried_out(stage, engine):
    job = stage.submit(stage.grant(), engine)
    engine.live = [fact(job, starts=now(), lasts_s=None)]
    stage.poll(engine)

    def away(ref, reason, *, grace_s):
        raise EngineUnwell(site="gwangju", reason="down")

    answers, engine.cancel = engine.cancel, away
    told = ask_for_end(OPERATOR, job, engine, reason="enough", at=now())
    assert (told.state, told.cancel_asked_at is None) == ("running", False)
    assert job_report(told)["cancel_asked_at"]
    engine.cancel = answers
    stage.poll(engine)
    assert engine.cancelled == [job.engine_key]
