"""Refusals name their cause and what to do, in both languages, without names of the code."""

from __future__ import annotations

import pytest

from madang.compute.errors import (
    AboveAutoApproval,
    CapacityNotOpen,
    JobExists,
    NothingToGiveBack,
    ReportMissing,
)
from madang.compute.jobs.orders import JobOrder

TOLD = [
    (
        NothingToGiveBack(available=3793),
        "돌려줄 수 있는 GPU 시간은 3793초까지입니다."
        " 작업이 예약한 시간은 작업이 끝난 뒤에 돌려줍니다.",
        "At most 3793 GPU-seconds can be given back now;"
        " what jobs hold, after they have ended.",
    ),
    (
        AboveAutoApproval(field="gpu_seconds", max=18_000_000),
        "자동승인 기준을 넘습니다: GPU 초 최대 18000000."
        " 더 필요하면 GPU 지원 공고에 신청하세요.",
        "This is above automatic approval: gpu_seconds is at most 18000000."
        " For more, apply to a call for GPU support.",
    ),
    (
        AboveAutoApproval(field="days", max=120),
        "자동승인 기준을 넘습니다: 기간(일) 최대 120. 더 필요하면 GPU 지원 공고에 신청하세요.",
        "This is above automatic approval: days is at most 120."
        " For more, apply to a call for GPU support.",
    ),
    (
        JobExists(key="train-7", field="command"),
        "키 train-7의 작업이 다른 내용(명령)으로 이미 있습니다."
        " 다른 작업이면 다른 키를 쓰세요.",
        "A job under the key train-7 exists with another command."
        " Give another job another key.",
    ),
    (
        CapacityNotOpen(gpu_class="h100", open=4),
        "h100에는 지금 GPU 4장이 열려 있습니다."
        " 더 적게 신청하거나 다음 단계가 열린 뒤에 다시 하세요.",
        "h100 has 4 cards open now. Ask for fewer, or again when its next stage has opened.",
    ),
    (
        ReportMissing(),
        "이 중간보고로 지급할 몫은 이미 지급되었습니다. 다음 몫에는 새 중간보고가 필요합니다.",
        "The part that this report is for was given already. The next needs a new report.",
    ),
]


@pytest.mark.parametrize(("refusal", "ko", "en"), TOLD, ids=lambda one: str(one)[:30])
def test_a_refusal_says_why_and_what_to_do(refusal, ko, en):
    assert (refusal.sentence("ko"), refusal.sentence("en")) == (ko, en)


@pytest.mark.parametrize("field", JobOrder("k", 1, 1).content())
def test_what_differs_under_a_key_is_told_in_korean(field):
    told = JobExists(key="", field=field).sentence("ko")
    assert field not in told, told
