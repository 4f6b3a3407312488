"""What `madang compute status` and `grants` say to people, in both languages."""

from __future__ import annotations

import pytest

from madang.cli.compute_jobs import grant_line, job_told
from madang.cli.console import language

ASKED_AT = "2026-11-26T00:00:00Z"
ATTEMPT = {
    "number": 1, "state": "preempted", "started_at": None, "ended_at": None,
    "held_gpu_seconds": 0, "suspended_s": 0,
}  # fmt: skip
JOB = {
    "key": "train", "state": "completed", "gpu_seconds": 64, "borne_gpu_seconds": 0,
    "charge_microwon": 0, "progress": None, "refused": None, "cancel_asked_at": None,
    "attempts": [ATTEMPT],
}  # fmt: skip
LEFT = {"granted": 9, "available": 9, "held": 0, "used": 0, "expired": 0, "owed_back": 0}


@pytest.fixture(params=["ko", "en"])
def tongue(request):
    chosen = language.set(request.param)
    yield request.param
    language.reset(chosen)


JOBS = [
    ("nothing more", {}, ("", "")),
    ("what the programme bears", {"borne_gpu_seconds": 176},
     ("  사업 부담 176 GPU-s", "  borne by the programme 176 GPU-s")),
    ("what it cost", {"charge_microwon": 80_000_000}, ("  80원", "  80 won")),
    ("how far it is", {"progress": 40}, ("  40 %", "  40 %")),
    ("a cancel of what has ended", {"cancel_asked_at": ASKED_AT}, ("", "")),
    ("that it was there before", {"replayed": True}, ("  이미 제출됨", "  submitted before")),
    ("that it is new", {"replayed": False}, ("", "")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "more", "said"), JOBS)
def test_a_job_says_what_it_did_and_cost(name, more, said, tongue):
    first, _ = job_told({**JOB, **more}).lines
    assert first == "train  completed  64 GPU-s" + said[tongue == "en"]


def test_seconds_that_a_run_stood_still_are_shown_apart(tongue):
    _, still = job_told({**JOB, "attempts": [{**ATTEMPT, "suspended_s": 9}]}).lines
    assert still.endswith({"ko": "  일시중지 9초", "en": "  suspended 9 s"}[tongue])


def test_what_a_grant_lost_adds_up_with_what_it_has(tongue):
    left = {"granted": 20_000, "available": 76, "held": 2_400, "used": 524,
            "expired": 17_000, "owed_back": 0}  # fmt: skip
    report = {"code": "g3", "state": "open", "gpu_seconds": left}
    words = {
        "ko": "예약 2400, 사용 524, 소멸 17000",
        "en": "held 2400, used 524, expired 17000",
    }
    assert f"({words[tongue]})" in grant_line(report)
    owing = grant_line({**report, "gpu_seconds": {**LEFT, "owed_back": 5}})
    assert {"ko": "회수 예정 5", "en": "to be taken back 5"}[tongue] in owing
    plain = grant_line({**report, "gpu_seconds": LEFT})
    assert plain.endswith({"ko": "(예약 0, 사용 0)", "en": "(held 0, used 0)"}[tongue])


def test_a_job_whose_cancel_waits_for_the_engine_says_so(tongue):
    first, _ = job_told({**JOB, "state": "running", "cancel_asked_at": ASKED_AT}).lines
    assert first.endswith({"ko": "  취소 요청됨", "en": "  cancel asked for"}[tongue])
