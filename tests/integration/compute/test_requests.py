"""The lane of small grants: what waits is decided by a person in the published time, or by the
published rule for silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from compute_stage import now
from metering_market import OPERATOR

from madang.compute.classes.actions import ClassFacts, StageFacts, declare_class
from madang.compute.duties import compute_due
from madang.compute.errors import (
    CapacityNotOpen,
    CardsTooMany,
    DecisionInvalid,
    ShareExceeded,
    WholeServersOnly,
)
from madang.compute.grants.actions import end_due, freeze_grant, withdraw_grant
from madang.compute.grants.models import GpuRequest
from madang.compute.grants.queries import standing_of
from madang.compute.grants.requests import (
    RequestTerms,
    approve_request,
    lapse_requests,
    refuse_request,
    request_for,
    request_gpu_time,
)
from madang.compute.policy import policy_at
from madang.core.errors import NotAllowed, NotFound
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.errors import FactInvalid, FourEyes, TransitionNotAllowed
from madang.parties.models import Notice, PolicyVersion
from madang.parties.people.actions import declare_person
from madang.parties.policies.actions import declare_policy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TERMS = RequestTerms(3600, 2, 30, "prototype")
WORKER = system_actor("worker")


@pytest.fixture
def people(stage):
    """A firm with a person, and an operator who is told."""
    stage.market.organisation("hana")
    firm = stage.market.organisation("fresh")
    facts = {"unit": "R&D", "language": "ko", "at": now() - HOUR}
    person = declare_person(
        OPERATOR, email="lim@fresh.example", organisation="fresh", roles=["beneficiary"],
        name="임새롬", **facts,
    ).row  # fmt: skip
    declare_person(
        OPERATOR, email="op@madang.example", organisation="hana", roles=["operator"],
        name="오담당", **facts,
    )  # fmt: skip
    places = frozenset({(firm.id, Role.BENEFICIARY)})
    asker = Actor(str(person.id), frozenset({Role.BENEFICIARY}), frozenset({firm.id}),
                  places=places)  # fmt: skip
    return firm, asker


@pytest.fixture
def waiting(stage, people):
    """A second request for the same class: a person decides."""
    firm, asker = people
    request_gpu_time(asker, firm, stage.gpu_class, TERMS, at=now())
    return request_gpu_time(asker, firm, stage.gpu_class, TERMS, at=now())


def silence(answer: str) -> None:
    declare_policy(
        OPERATOR, kind="compute", changes={"auto_approval_when_late": answer},
        valid_from=now() - HOUR, at=now(),
    )  # fmt: skip


def kinds() -> list[str]:
    return list(Notice.objects.order_by("sent_at", "kind").values_list("kind", flat=True))


def test_what_the_rule_does_not_settle_is_told_to_the_operators(waiting):
    assert waiting.state == "submitted"
    assert kinds().count("compute.request.waiting") == 1


def test_a_third_request_waits_although_the_second_gave_no_grant(stage, people, waiting):
    firm, asker = people
    end_due(WORKER, at=now() + timedelta(days=40))
    third = request_gpu_time(asker, firm, stage.gpu_class, TERMS, at=now() + timedelta(days=40))
    assert third.state == "submitted"


@pytest.mark.parametrize("end", [freeze_grant, withdraw_grant])
def test_a_request_is_no_way_round_what_was_frozen_or_taken_back(stage, people, end):
    firm, asker = people
    first = request_gpu_time(asker, firm, stage.gpu_class, TERMS, at=now())
    end(OPERATOR, first.grant, reason="idle", at=now())
    assert request_gpu_time(asker, firm, stage.gpu_class, TERMS, at=now()).state == "submitted"


def test_an_approval_by_a_person_gives_the_grant_from_today_on(waiting):
    row = approve_request(OPERATOR, waiting.id, reason="two projects", at=now() + HOUR)
    assert (row.state, row.decided_by, row.reason) == ("approved", OPERATOR.id, "two projects")
    assert standing_of(row.grant).available == 3600
    assert row.grant.approved_by == OPERATOR.id
    with pytest.raises(TransitionNotAllowed):
        refuse_request(OPERATOR, waiting.id, reason="too late", at=now() + HOUR)


def test_a_refusal_says_why_to_those_who_asked(waiting):
    refuse_request(OPERATOR, waiting.id, reason="one project, one grant", at=now() + HOUR)
    notice = Notice.objects.get(kind="compute.request.refused")
    assert notice.facts["reason"] == "one project, one grant"
    assert GpuRequest.objects.get(pk=waiting.id).grant is None


def test_what_its_class_never_gives_waits_for_nobody(stage, people, waiting):
    """It would wait for days for an operator who cannot approve it either."""
    firm, asker = people
    too_many = replace(TERMS, cards_max=stage.gpu_class.cards_max + 1)
    with pytest.raises(CardsTooMany):
        request_gpu_time(asker, firm, stage.gpu_class, too_many, at=now())
    stage.gpu_class.whole_servers = True
    stage.gpu_class.save()
    with pytest.raises(WholeServersOnly):
        request_gpu_time(asker, firm, stage.gpu_class, TERMS, at=now())
    assert GpuRequest.objects.count() == 2


def test_nobody_is_refused_without_a_reason(waiting):
    with pytest.raises(DecisionInvalid):
        refuse_request(OPERATOR, waiting.id, reason=" ", at=now() + HOUR)
    assert GpuRequest.objects.get(pk=waiting.id).state == "submitted"


def test_only_an_operator_decides_and_never_about_an_own_request(people, waiting):
    _, asker = people
    with pytest.raises(NotAllowed):
        approve_request(asker, waiting.id, at=now())
    both = Actor(asker.id, frozenset({Role.OPERATOR}), asker.organisations)
    with pytest.raises(FourEyes):
        approve_request(both, waiting.id, at=now())


def test_a_stranger_sees_no_request(waiting):
    stranger = Actor("x", frozenset({Role.BENEFICIARY}))
    with pytest.raises(NotFound):
        request_for(stranger, waiting.id)


SILENCE = [
    ("escalate", "overdue", "compute.request.overdue"),
    ("approve", "approved", "compute.grant.given"),
    ("refuse", "refused", "compute.request.refused"),
]


@pytest.mark.parametrize(("answer", "state", "notice"), SILENCE)
def test_silence_is_answered_as_policy_says_and_once(waiting, answer, state, notice):
    silence(answer)
    assert lapse_requests(WORKER, at=waiting.due_at - timedelta(seconds=1)) == 0
    before = kinds().count(notice)
    assert lapse_requests(WORKER, at=waiting.due_at) == 1
    assert lapse_requests(WORKER, at=waiting.due_at + HOUR) == 0
    waiting.refresh_from_db()
    assert waiting.state == state
    assert kinds().count(notice) == before + 1


WRONG = [
    ("auto_approval_when_late", "whenever"),
    ("stray_job", "ask"),
    ("unheld_run", "nobody"),
    ("untold_lost_s", -1),
    ("idle_window_hours", 0),
    ("idle_permille_max", 1001),
    ("share_of_class_max", "3/2"),
    ("share_of_class_max", "0/1"),
    ("share_of_class_max", "half"),
    ("tranches", ["1/2", "1/4"]),
    ("tranches", ["1/1", "0/1"]),
    ("tranches", []),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_the_room_could_not_read_makes_no_version(name, value):
    """One that it cannot read stops every reading of every site."""
    with pytest.raises(FactInvalid) as refused:
        declare_policy(
            OPERATOR, kind="compute", changes={name: value}, valid_from=now(), at=now()
        )
    assert refused.value.fields["field"] == name
    assert policy_at(now()).stray_job == "charge"


def test_cards_that_open_after_its_last_day_are_not_granted(stage, people):
    """Nobody could use them."""
    firm, asker = people
    stages = [StageFacts(8, stage.at.date() + timedelta(days=60))]
    later = ClassFacts("h100-later", "gpu:h100", 8, stages=stages)
    gpu_class = declare_class(OPERATOR, stage.site, None, later, at=stage.at).row
    with pytest.raises(CapacityNotOpen):
        request_gpu_time(asker, firm, gpu_class, RequestTerms(60, 1, 30, "p"), at=now())
    made = request_gpu_time(asker, firm, gpu_class, RequestTerms(60, 1, 90, "p"), at=now())
    assert made.state == "approved"


def test_an_overdue_request_can_still_be_decided(waiting):
    compute_due(WORKER, at=waiting.due_at)
    assert approve_request(OPERATOR, waiting.id, at=waiting.due_at + HOUR).state == "approved"


def test_what_cannot_be_given_in_silence_comes_before_the_operators(stage, people, waiting):
    silence("approve")
    firm, _ = people
    stage.grant("big", cards_max=13, organisation=firm.code)
    with pytest.raises(ShareExceeded):
        approve_request(OPERATOR, waiting.id, at=now())
    assert lapse_requests(WORKER, at=waiting.due_at) == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.grant) == ("overdue", None)


def test_an_older_installation_gets_the_new_names_and_keeps_its_values():
    latest = PolicyVersion.objects.filter(kind="compute").latest("version")
    assert latest.version == 1, "a fresh one has them from its first version"
    assert latest.data["auto_approval_when_late"] == "escalate"
