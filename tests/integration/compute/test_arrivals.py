"""A submission whose answer was lost and that nobody finds: sent again only when nothing came
that may be it, and otherwise by a person's word alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import ScriptedEngine, Stage, changed, declare_policy, fact, now
from metering_market import OPERATOR

from madang.compute.errors import (
    DecisionInvalid,
    EngineRefused,
    EngineUnclear,
    EngineUnwell,
    NotInDoubt,
)
from madang.compute.findings.models import Finding
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.actions import cancel_job
from madang.compute.jobs.deciding import decide_submission
from madang.compute.jobs.doubts import submissions_in_doubt
from madang.compute.jobs.models import Job
from madang.compute.lines.models import Line
from madang.core.clock import rfc3339
from madang.core.errors import NotAllowed
from madang.parties.actor import Actor, Role

pytestmark = pytest.mark.django_db
HOLDER = Actor("kim", frozenset({Role.BENEFICIARY}))
LATER = timedelta(minutes=2)
"""Behind `unclear_settle_s`: what has no answer by then cannot come any more."""


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def engine():
    return ScriptedEngine()


@pytest.fixture
def grant(stage):
    return stage.grant()


def unanswered(stage, engine, grant, key: str = "k1"):
    engine.failing = EngineUnclear(site="gwangju", reason="no answer")
    job = stage.submit(grant, engine, key)
    engine.failing = None
    job.refresh_from_db()
    assert job.state == "intent"
    return job


def came(job, job_id: str = "900", *, key: str = "other", lasts_s=5, **more):
    """What `sbatch` or a job under another name leaves."""
    starts = job.created_at + timedelta(seconds=1)
    told = fact(job, starts=starts, lasts_s=lasts_s, job_id=job_id, submitted=job.created_at)
    return changed(told, **({"key": key} | more))


def states() -> dict[str, str]:
    rows = Finding.objects.filter(cause="unanswered").values_list("detail", "state")
    return {detail["engine_job"]: state for detail, state in rows}


def poll(stage, engine, job):
    stage.poll(engine, at=now() + LATER)
    stage.check(job.grant)
    job.refresh_from_db()


def test_where_nothing_came_it_is_sent_again(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    poll(stage, engine, job)
    assert (job.state, len(engine.submitted), states()) == ("queued", 1, {})


def test_where_something_may_be_it_a_person_is_asked_and_nothing_is_sent(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    engine.arrived = engine.facts = [came(job)]
    for _ in range(2):
        poll(stage, engine, job)
    assert (job.state, engine.submitted, states()) == ("intent", [], {"900": "open"})
    assert (standing_of(grant).held, Job.objects.count()) == (120, 1)


def test_a_person_says_which_it_is_and_it_is_charged(stage, engine, grant):
    """Also when its runs were read as nobody's, long before."""
    stage.site.cursor = "1"
    stage.site.save()
    job = unanswered(stage, engine, grant)
    engine.arrived = engine.facts = [came(job), came(job, "901", lasts_s=9)]
    poll(stage, engine, job)
    stage.site.refresh_from_db()
    stage.site.cursor = str(int(now().timestamp()) + 9_000)
    stage.site.save()
    decide_submission(OPERATOR, job, engine_job="900", reason="its log", at=now())
    stage.site.refresh_from_db()
    assert int(stage.site.cursor) == int(job.created_at.timestamp())
    poll(stage, engine, job)
    assert (job.state, job.engine_job, engine.submitted) == ("completed", "900", [])
    assert states() == {"900": "decided", "901": "decided"}
    assert stage.charged(grant) == 2 * 5 + 2 * 9  # the other one was a stray


def test_a_person_says_that_it_never_ran_and_it_is_sent_again(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    engine.arrived = [came(job)]
    poll(stage, engine, job)
    decide_submission(OPERATOR, job, engine_job="", reason="that was mine", at=now())
    poll(stage, engine, job)
    assert (job.state, len(engine.submitted), states()) == ("queued", 1, {"900": "decided"})
    with pytest.raises(NotInDoubt):
        decide_submission(OPERATOR, job, engine_job="900", reason="after all", at=now())


def test_what_it_is_not_is_read_again_and_posted_as_the_stray_that_it_is(stage, engine, grant):
    """A decision can take days, and no reading looks back so far by itself."""
    job = unanswered(stage, engine, grant)
    engine.arrived = engine.facts = [came(job)]
    poll(stage, engine, job)
    stage.site.cursor = str(int(now().timestamp()) + 9_000)
    stage.site.save()
    decide_submission(OPERATOR, job, engine_job="", reason="that was mine", at=now())
    stage.site.refresh_from_db()
    assert int(stage.site.cursor) == int(job.created_at.timestamp())
    poll(stage, engine, job)
    assert (job.state, len(engine.submitted)) == ("queued", 1)
    line = Line.objects.get(attempt__job__engine_job="900")  # nothing of the grant ran then
    assert (line.user_gpu_seconds, line.borne_gpu_seconds) == (0, 2 * 5)


def test_what_comes_to_light_after_a_decision_asks_anew(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    engine.arrived = [came(job)]
    poll(stage, engine, job)
    decide_submission(OPERATOR, job, engine_job="", reason="that was mine", at=now())
    engine.arrived.append(came(job, "901"))
    poll(stage, engine, job)
    assert (job.state, engine.submitted) == ("intent", [])
    assert states() == {"900": "decided", "901": "open"}


@pytest.mark.parametrize("away", [EngineUnclear, EngineUnwell, EngineRefused])
def test_while_nobody_can_say_what_came_nothing_is_sent_and_nobody_asked(
    stage, engine, grant, away, caplog
):
    def arrivals(ref, *, since, whole=True):
        raise away(site="gwangju", reason="accounting is away")

    job = unanswered(stage, engine, grant)
    engine.arrivals = arrivals
    asked_at = job.asked_at
    poll(stage, engine, job)
    assert (job.state, job.asked_at, engine.submitted) == ("intent", asked_at, [])
    assert states() == {}
    assert "1 submissions without an answer wait" in caplog.text
    assert "accounting is away" in caplog.text
    del engine.arrivals
    poll(stage, engine, job)
    assert (job.state, len(engine.submitted)) == ("queued", 1)


HOURS = timedelta(hours=1, minutes=1)


class Untold(ScriptedEngine):
    """Its controller has not told accounting everything: `sdiag` shows a queue for ever."""

    is_away = False

    def arrivals(self, ref, *, since, whole=True):
        if whole or self.is_away:
            raise EngineUnclear(site="gwangju", reason=BEHIND)
        return super().arrivals(ref, since=since)


BEHIND = "the controller has not told accounting everything yet"


def unsettled() -> list[str]:
    return list(Finding.objects.filter(cause="unsettled").values_list("state", flat=True))


def after(stage, engine, job, wait=HOURS):
    stage.poll(engine, at=now() + wait)
    stage.check(job.grant)
    job.refresh_from_db()


def test_what_no_book_settles_for_an_hour_is_a_finding_and_is_not_sent(stage, grant):
    engine = Untold()
    job = unanswered(stage, engine, grant)
    after(stage, engine, job, timedelta(minutes=58))
    assert unsettled() == []
    for _ in range(2):
        after(stage, engine, job)
    assert (job.state, engine.submitted, unsettled()) == ("intent", [], ["open"])
    assert Finding.objects.get(cause="unsettled").detail == {
        "job": str(job.id), "key": "k1", "grant": "g1", "reason": BEHIND,
    }  # fmt: skip
    assert standing_of(grant).held == 120


def test_whoever_decides_is_told_what_there_is_to_decide_by(stage, grant):
    engine = Untold()
    job = unanswered(stage, engine, grant)
    engine.arrived = [came(job), came(job, "901", account="m2")]
    after(stage, engine, job)
    (told,) = submissions_in_doubt(OPERATOR, at=now())
    assert (told["key"], told["grant"], told["site"]) == ("k1", "g1", "gwangju")
    assert (told["name"], told["user"]) == (job.engine_key, "www-data")
    assert (told["unsettled"], told["unsettled_ko"]) == (
        BEHIND, "제어기가 회계에 아직 모두 알리지 않았습니다",
    )  # fmt: skip
    assert told["came_from"] == rfc3339(job.created_at - timedelta(seconds=2))
    assert told["came_until"] == rfc3339(job.asked_at + timedelta(seconds=30 + 2))
    submitted = rfc3339(job.created_at)
    assert told["arrivals"] == [
        {"engine_job": id, "submitted_at": submitted, "account": account, "state": "completed"}
        for id, account in (("900", grant.account), ("901", "m2"))
    ]
    with pytest.raises(NotAllowed):
        submissions_in_doubt(HOLDER, at=now())
    decide_submission(OPERATOR, job, engine_job="900", reason="its log", at=now())
    assert submissions_in_doubt(OPERATOR, at=now()) == []


def test_when_that_is_said_to_be_is_policy(stage, grant):
    declare_policy(unsettled_found_s=60)
    engine = Untold()
    job = unanswered(stage, engine, grant)
    poll(stage, engine, job)
    assert unsettled() == ["open"]


def test_books_that_can_be_read_again_explain_it(stage, grant):
    engine = Untold()
    job = unanswered(stage, engine, grant)
    after(stage, engine, job)
    engine.arrivals = lambda ref, *, since, whole=True: [came(job)]
    after(stage, engine, job)
    assert (unsettled(), states()) == (["explained"], {"900": "open"})
    engine.arrivals = lambda ref, *, since, whole=True: []
    after(stage, engine, job)
    assert (job.state, len(engine.submitted)) == ("queued", 1)
    after(stage, engine, job)
    assert states() == {"900": "explained"}


def test_a_person_says_that_it_never_ran_and_it_is_sent_though_no_book_settles_it(stage, grant):
    """Once: when that answer is lost as well the person is asked anew."""
    engine = Untold()
    job = unanswered(stage, engine, grant)
    after(stage, engine, job)
    decide_submission(OPERATOR, job, engine_job="", reason="not on the cluster", at=now())
    engine.failing = EngineUnclear(site="gwangju", reason="no answer")
    engine.usage = lambda cursor: ([], cursor)
    after(stage, engine, job)
    engine.failing = None
    assert (job.state, unsettled()) == ("intent", ["decided"])
    after(stage, engine, job, HOURS + timedelta(minutes=30))
    assert (job.state, engine.submitted) == ("intent", [])
    after(stage, engine, job, 2 * HOURS)
    assert sorted(unsettled()) == ["decided", "open"]
    decide_submission(OPERATOR, job, engine_job="", reason="nor now", at=now())
    after(stage, engine, job, 2 * HOURS)
    assert (job.state, len(engine.submitted)) == ("queued", 1)


@pytest.mark.parametrize("is_away", [False, True])
def test_what_can_be_seen_all_the_same_is_told_and_asks_anew(stage, grant, is_away):
    engine = Untold()
    job = unanswered(stage, engine, grant)
    engine.arrived, engine.is_away = [came(job)], is_away
    after(stage, engine, job)
    assert (unsettled(), states()) == (["open"], {} if is_away else {"900": "open"})
    decide_submission(OPERATOR, job, engine_job="", reason="that was mine", at=now())
    engine.is_away = False
    engine.arrived.append(came(job, "901"))
    after(stage, engine, job)
    assert (job.state, engine.submitted, states()["901"]) == ("intent", [], "open")


def test_a_person_names_one_that_no_book_tells_yet_and_it_is_charged(stage, grant):
    engine = Untold()
    other = stage.submit(grant, engine, "other")
    other.refresh_from_db()
    stage.site.cursor = "1"
    stage.site.save()
    job = unanswered(stage, engine, grant)
    engine.is_away = True
    after(stage, engine, job)
    for wrong in (other.engine_job, "900; true", "9" * 65):
        with pytest.raises(DecisionInvalid):
            decide_submission(OPERATOR, job, engine_job=wrong, reason="its log", at=now())
    stage.site.cursor = str(int(now().timestamp()) + 9_000)
    stage.site.save()
    decide_submission(OPERATOR, job, engine_job="900", reason="its log", at=now())
    stage.site.refresh_from_db()
    assert int(stage.site.cursor) <= int(job.created_at.timestamp())
    engine.facts = [came(job)]
    after(stage, engine, job)
    assert (job.state, job.engine_job, unsettled()) == ("completed", "900", ["decided"])
    assert stage.charged(grant) == 2 * 5
    assert len(engine.submitted) == 1  # the other one alone


def test_what_is_known_for_other_jobs_is_no_doubt(stage, engine, grant):
    """By the id that another job was taken under, or by the key of one without an answer."""
    known = stage.submit(grant, engine, "known")
    job, second = unanswered(stage, engine, grant), unanswered(stage, engine, grant, "second")
    engine.arrived = [
        came(job, known.engine_job, key="renamed"),
        came(job, "901", key=second.engine_key),
    ]
    poll(stage, engine, job)
    assert (job.state, len(engine.submitted)) == ("queued", 2)
    second.refresh_from_db()
    assert (second.state, states()) == ("intent", {"901": "open"})  # this engine cannot find it


def test_two_that_have_the_key_of_one_leave_a_doubt(stage, engine, grant):
    """One of them is another job that took its name."""
    job, second = unanswered(stage, engine, grant), unanswered(stage, engine, grant, "second")
    engine.arrived = [came(job, id, key=second.engine_key) for id in ("901", "902")]
    poll(stage, engine, job)
    assert (job.state, engine.submitted) == ("intent", [])


def test_what_came_before_or_long_after_is_no_doubt(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    hour = timedelta(hours=1)
    engine.arrived = [came(job, submitted_at=job.created_at + way * hour) for way in (-1, 1)]
    poll(stage, engine, job)
    assert job.state == "queued"


def test_an_id_that_an_older_job_had_is_no_answer(stage, engine, grant):
    old = stage.submit(grant, engine, "old")
    Job.objects.filter(pk=old.pk).update(
        state="completed", created_at=now() - timedelta(days=9), engine_job="900",
        ended_at=now() - timedelta(days=8),
    )  # fmt: skip
    job = unanswered(stage, engine, grant)
    engine.arrived = [came(job)]
    poll(stage, engine, job)
    assert (job.state, states()) == ("intent", {"900": "open"})


def test_one_that_is_found_after_all_explains_its_doubts(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    engine.arrived = [came(job)]
    poll(stage, engine, job)
    engine.submitted = [(job.engine_key, None)]
    poll(stage, engine, job)
    assert (job.state, states()) == ("queued", {"900": "explained"})


def test_nobody_else_decides_and_only_with_a_reason_about_what_came(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    with pytest.raises(NotInDoubt):
        decide_submission(OPERATOR, job, engine_job="", reason="early", at=now())
    engine.arrived = [came(job)]
    poll(stage, engine, job)
    for engine_job, reason in (("", " "), ("77", "a guess")):
        with pytest.raises(DecisionInvalid):
            decide_submission(OPERATOR, job, engine_job=engine_job, reason=reason, at=now())
    with pytest.raises(NotAllowed):
        decide_submission(HOLDER, job, engine_job="", reason="me", at=now())


def test_a_cancel_of_one_in_doubt_reaches_what_a_person_says_it_is(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    engine.arrived = [came(job, lasts_s=None)]
    poll(stage, engine, job)
    cancel_job(OPERATOR, job, engine, at=now())
    decide_submission(OPERATOR, job, engine_job="900", reason="its log", at=now())
    poll(stage, engine, job)
    assert engine.cancelled == [job.engine_key]


@pytest.mark.parametrize("is_settled", [True, False])
def test_what_was_cancelled_meanwhile_is_let_go_and_not_sent_again(stage, grant, is_settled):
    """Certain by the books, or by a person's word: it would only take cards to be ended."""
    engine = ScriptedEngine() if is_settled else Untold()
    job = unanswered(stage, engine, grant)
    cancel_job(OPERATOR, job, engine, reason="not needed", at=now())
    after(stage, engine, job)
    if not is_settled:
        assert (job.state, standing_of(grant).held, unsettled()) == ("intent", 120, ["open"])
        decide_submission(OPERATOR, job, engine_job="", reason="not there", at=now())
        after(stage, engine, job)
    assert (job.state, engine.submitted, engine.cancelled) == ("cancelled", [], [])
    assert standing_of(grant).held == 0
    assert job.attempts.get().state == "cancelled"


def test_what_was_cancelled_and_came_is_found_and_ended(stage, engine, grant):
    job = unanswered(stage, engine, grant)
    cancel_job(OPERATOR, job, engine, at=now())
    engine.submitted = [(job.engine_key, None)]
    poll(stage, engine, job)
    assert (job.state, engine.cancelled) == ("queued", [job.engine_key])


@pytest.mark.parametrize("away", [EngineUnclear, EngineUnwell])
def test_what_was_cancelled_keeps_its_hold_while_nobody_can_look_for_it(
    stage, engine, grant, monkeypatch, away
):
    def find(key, ref, *, since):
        raise away(site="gwangju", reason="down")

    job = unanswered(stage, engine, grant)
    cancel_job(OPERATOR, job, engine, at=now())
    with monkeypatch.context() as patched:
        patched.setattr(engine, "find", find)
        poll(stage, engine, job)
    assert (job.state, engine.submitted, standing_of(grant).held) == ("intent", [], 120)
    poll(stage, engine, job)
    assert (job.state, engine.submitted, standing_of(grant).held) == ("cancelled", [], 0)
