"""Pages of GPU support: used as people use them. One walk, for building the world is slow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from compute_stage import ScriptedEngine
from django.test import Client
from tests.integration.portal import world as worlds

from madang.compute.findings.models import IdleCase
from madang.compute.grants.queries import standing_of
from madang.compute.grants.requests import lapse_requests
from madang.compute.jobs import outputs
from madang.compute.jobs.models import Job
from madang.compute.jobs.workflow import JOB
from madang.compute.models import GpuRequest, Grant, ProgressReport
from madang.core.clock import FixedClock
from madang.parties.events.models import EventReason

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ASK = {"organisation": "hana", "gpu_class": "h100", "cards_max": 1, "gpu_hours": 2, "days": 30,
       "purpose": "a second model"}  # fmt: skip


@pytest.fixture
def town(settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clock = FixedClock(worlds.NOW)
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: clock)
    return worlds.build()


def browser(world, email: str, language: str = "en") -> Client:
    client = Client()
    client.cookies["django_language"] = language
    client.force_login(world.people[email], backend=BACKEND)
    return client


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_what_people_ask_and_decide_about_gpu_time(town) -> None:
    op, kim = browser(town, "op@agency.example"), browser(town, "kim@hana.example")
    korean = browser(town, "kim@hana.example", "ko")

    # hana has a grant already: what it asks for waits, with the published time on the page
    shown = text(kim.get("/gpu-requests/"))
    assert "Up to 5,000 GPU-hours" in shown
    assert "within 72 hours" in shown
    assert kim.post("/gpu-requests/ask/", ASK | {"days": 121}).status_code == 422
    assert kim.post("/gpu-requests/ask/", ASK | {"purpose": ""}).status_code == 422
    assert kim.post("/gpu-requests/ask/", ASK).status_code == 302
    row = GpuRequest.objects.get(purpose="a second model")
    assert (row.state, row.gpu_seconds) == ("submitted", 7200)
    assert "a second model" in text(op.get("/gpu-requests/"))

    # a refusal needs a reason; an approval is a grant
    turn_down = f"/gpu-requests/{town.gpu_request.id}/turn-down/"
    assert "This field is required." in op.post(turn_down, {"reason": ""}).content.decode()
    assert op.post(turn_down, {"reason": "one is enough"}).status_code == 302
    assert "one is enough" in text(korean.get("/gpu-requests/"))
    assert op.post(f"/gpu-requests/{row.id}/accept/", {}).status_code == 302
    row.refresh_from_db()
    assert row.state == "approved"
    assert row.grant.code in text(kim.get("/gpu-grants/"))

    # idle cards: the holder says why, an operator decides
    case = town.idle_case
    assert "Your cards stand idle" in text(kim.get("/gpu-grants/g1/"))
    told = kim.post(f"/gpu-idle/{case.id}/object/", {"text": "the data is late"}, follow=True)
    assert "the data is late" in text(told)
    assert "the data is late" in text(op.get("/operator/gpu/"))
    answer = f"/gpu-idle/{case.id}/answer/"
    missing = op.post(answer, {"verdict": "", "reason": "it comes"})
    assert missing.status_code == 422
    assert "This field is required." in missing.content.decode()
    assert "it comes" in missing.content.decode()
    assert op.post(answer, {"verdict": "yes", "reason": "it comes"}).status_code == 302
    case = IdleCase.objects.get(pk=case.pk)
    assert (case.state, case.answer) == ("upheld", "it comes")

    # half after a report, and unused time back to the pool
    grant = Grant.objects.get(code="g1")
    assert "after a report" in text(kim.get("/gpu-grants/g1/"))
    report = {"text": "half of it is done"}
    assert kim.post("/gpu-grants/g1/steps/report/", report).status_code == 302
    written = ProgressReport.objects.get(text="half of it is done")
    refuse = f"/gpu-reports/{written.id}/refuse/"
    assert "This field is required." in op.post(refuse, {"reason": ""}).content.decode()
    assert op.post(refuse, {"reason": "no figures"}).status_code == 302
    for client, words in ((kim, "Why it was refused: no figures"), (korean, "no figures")):
        assert words in text(client.get("/gpu-grants/g1/"))
    report = {"text": "half of it, with figures"}
    assert kim.post("/gpu-grants/g1/steps/report/", report).status_code == 302
    written = ProgressReport.objects.get(text="half of it, with figures")
    assert "half of it, with figures" in text(op.get("/gpu-grants/g1/"))
    assert op.post(f"/gpu-reports/{written.id}/accept/", {}).status_code == 302
    before = standing_of(grant)
    assert before.granted == 36_000
    back = {"gpu_seconds": 600}
    assert kim.post("/gpu-grants/g1/steps/give-back/", back).status_code == 302
    assert standing_of(grant).available == before.available - 600

    # the operator stops new jobs, lets them go on, and takes back what is left
    for step, state in (("freeze", "frozen"), ("thaw", "open"), ("withdraw", "withdrawn")):
        assert op.post(f"/gpu-grants/g1/steps/{step}/", {"reason": "r"}).status_code == 302
        grant.refresh_from_db()
        assert grant.state == state
    assert kim.post("/gpu-grants/g1/steps/explode/", {}).status_code == 404

    # everybody sees the site, in both languages, and no firm on it
    for language, words in (("ko", "계획과 실제"), ("en", "The plan against what came")):
        public = Client()
        public.cookies["django_language"] = language
        page = text(public.get("/gpu/gwangju/"))
        assert words in page
        assert "h100" in page
        assert "하나로보틱스" not in page + text(public.get("/gpu/"))


def test_a_request_that_nobody_decides_is_shown_as_overdue(town) -> None:
    late = town.gpu_request.due_at + timedelta(hours=1)
    lapse_requests(town.system, at=late)
    page = text(browser(town, "op@agency.example", "ko").get("/gpu-requests/"))
    assert "기한 지남" in page


def test_an_operator_sees_what_may_be_a_submission_and_decides(town) -> None:
    """With what there is to decide by: user, name, window, and what came in it."""
    op, au = browser(town, "op@agency.example"), browser(town, "au@audit.example")
    job = Job.objects.get(pk=town.gpu_job.pk)
    for client in (op, au):
        page = text(client.get("/operator/gpu/"))
        for words in ("Submissions without an answer", "www-data", job.engine_key, "900"):
            assert words in page
    place = f"/gpu-jobs/{job.pk}/decide/"
    assert place in text(op.get("/operator/gpu/"))
    assert place not in page  # an auditor reads
    assert au.post(place, {"verdict": "never", "reason": "r"}).status_code == 403
    wrong = ({"verdict": "is"}, {"verdict": "never", "engine_job": "900"},
             {"verdict": "is", "engine_job": "901"})  # fmt: skip
    for told in wrong:
        assert op.post(place, told | {"reason": "its log"}).status_code == 422
    told = {"verdict": "is", "engine_job": "900", "reason": "its log"}
    assert op.post(place, told).status_code == 302
    job.refresh_from_db()
    assert (job.state, job.engine_job) == ("queued", "900")
    assert op.post(place, told).status_code == 422  # nothing is in doubt any more
    assert "Submissions without an answer" not in text(op.get("/operator/gpu/"))


def test_the_same_over_the_api(town) -> None:
    client = Client(headers={"authorization": "Bearer mdp_test_op@agency.example"})
    (told,) = client.get("/api/v1/compute/submissions-in-doubt").json()
    job = Job.objects.get(pk=town.gpu_job.pk)
    assert (told["id"], told["user"], told["name"]) == (str(job.pk), "www-data", job.engine_key)
    assert told["unsettled"] is None
    assert [(one["engine_job"], one["account"], one["state"]) for one in told["arrivals"]] == [
        ("900", "m1", "completed")
    ]
    place, kind = f"/api/v1/compute/jobs/{job.pk}/decide-submission", "application/json"
    for body in ({}, {"engine_job": "900", "never_ran": True}):
        answer = client.post(place, {"reason": "its log", **body}, content_type=kind)
        assert (answer.status_code, answer.json()["code"]) == (
            422, "compute.attempt.decision_invalid",
        )  # fmt: skip
    decided = {"never_ran": True, "reason": "not on the cluster"}
    again = {"Idempotency-Key": "once"}
    first, second = (
        client.post(place, decided, content_type=kind, headers=again) for _ in range(2)
    )
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.json()["state"] == "intent"
    assert client.get("/api/v1/compute/submissions-in-doubt").json() == []


WORDS = "Requested node configuration is not available (2014)"


def test_a_refused_job_says_why_on_its_page_and_over_the_api(town) -> None:
    """The engine's words as they are; ours in the reader's language."""
    job = Job.objects.get(pk=town.gpu_job.pk)
    Job.objects.filter(pk=job.pk).update(state="intent", engine_job="")
    job.refresh_from_db()
    JOB.move(job, "refuse", town.system, at=worlds.NOW, reason=WORDS)
    for language in ("ko", "en"):
        shown = browser(town, "kim@hana.example", language).get(f"/gpu-jobs/{job.pk}/")
        assert WORDS in text(shown)
    client = Client(headers={"authorization": "Bearer mdp_test_kim@hana.example"})
    told = client.get(f"/api/v1/compute/jobs/{job.pk}").json()
    assert (told["refused"], told["refused_ko"]) == (WORDS, WORDS)
    (listed,) = (one for one in client.get("/api/v1/compute/jobs").json()
                 if one["id"] == str(job.pk))  # fmt: skip
    assert listed["refused"] == WORDS
    EventReason.objects.filter(text=WORDS).update(text="more cards than there are")
    korean = browser(town, "kim@hana.example", "ko").get(f"/gpu-jobs/{job.pk}/")
    assert "보유한 장수보다 많습니다" in text(korean)


def test_a_job_that_was_not_refused_says_nothing_of_it(town) -> None:
    shown = browser(town, "kim@hana.example").get(f"/gpu-jobs/{town.gpu_job.pk}/")
    assert "refused" not in text(shown)


class Collecting(ScriptedEngine):
    """A job left three files, of which a list shows two."""

    folder = None

    def outputs(self, ref):
        return self.folder


def test_page_and_api_say_how_many_files_of_a_job_they_do_not_list(
    town, tmp_path, monkeypatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    (tmp_path / "d\ne").write_text("d")
    engine = Collecting()
    engine.folder = tmp_path
    monkeypatch.setattr(outputs, "engine_for", lambda site, at: engine)
    monkeypatch.setattr(outputs, "LISTED_MAX", 2)
    Job.objects.filter(pk=town.gpu_job.pk).update(engine_job="7")
    shown = browser(town, "kim@hana.example").get(f"/gpu-jobs/{town.gpu_job.pk}/")
    assert "Files that are not shown here: 2." in text(shown)
    client = Client(headers={"authorization": "Bearer mdp_test_kim@hana.example"})
    place = f"/api/v1/compute/jobs/{town.gpu_job.pk}/outputs"
    told = client.get(place).json()
    assert told == {
        "outputs": [{"name": "a", "bytes": 1}, {"name": "b", "bytes": 1}],
        "more": 2,
    }
    assert b"".join(client.get(f"{place}/c").streaming_content) == b"c"
    monkeypatch.setattr(outputs, "LISTED_MAX", 3)
    (tmp_path / "d\ne").unlink()
    assert "not shown here" not in text(
        browser(town, "kim@hana.example").get(f"/gpu-jobs/{town.gpu_job.pk}/")
    )


def test_the_times_of_an_attempt_are_those_of_seoul_to_the_second(town) -> None:
    """Seconds are what is charged, and a day that ends in Seoul ends there on the page, too."""
    began = datetime(2027, 3, 31, 14, 59, 58, tzinfo=UTC)
    town.gpu_job.attempts.update(started_at=began, ended_at=began + timedelta(seconds=4))
    Job.objects.filter(pk=town.gpu_job.pk).update(name="a first run")
    shown = text(browser(town, "kim@hana.example").get(f"/gpu-jobs/{town.gpu_job.pk}/"))
    assert "2027-03-31 23:59:58" in shown
    assert "2027-04-01 00:00:02" in shown
    assert "a first run" in shown
