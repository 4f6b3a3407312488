"""Many clients POST at the same time: who asks and which grant is read for all, and each still
gets the answer that it would get alone."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from compute_stage import ScriptedEngine, Stage
from django.db import connections, transaction
from django.test import Client

from madang.compute.grants.models import Grant
from madang.compute.jobs import actions
from madang.compute.jobs.models import Job
from madang.parties.actor import system_actor
from madang.parties.models import PolicyVersion
from madang.parties.people.actions import deactivate_person, declare_person
from madang.parties.people.models import ApiToken, Person
from madang.portal.clock import portal_clock

CLIENTS, ROUNDS = 8, 3
NOT_SIGNED_IN, NOT_FOUND = (
    (401, "core.request.not_signed_in", ""),
    (404, "core.request.not_found", ""),
)
SYSTEM = system_actor("cli")
WAIT_S_MAX = 120


class Together(ScriptedEngine):
    """Takes what several ask at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def submit(self, spec, key, *, since, is_first=False):
        with self._lock:
            return super().submit(spec, key, since=since, is_first=is_first)


@pytest.fixture
def engine(monkeypatch) -> ScriptedEngine:
    made = Together()
    monkeypatch.setattr("madang.compute.jobs.api.engine_for", lambda site, at: made)
    monkeypatch.setattr(actions, "_lines", {})
    return made


@pytest.fixture
def people(committed_db) -> list[str]:
    """Each holds a grant of a firm of its own."""
    before = datetime.now(UTC) - timedelta(days=1)
    with transaction.atomic():
        stage = Stage()
        for number in range(CLIENTS):
            stage.grant(f"g{number}", gpu_seconds=10**6, organisation=f"o{number}")
            declare_person(
                SYSTEM, email=f"p{number}@example.kr", organisation=f"o{number}",
                roles=["beneficiary"], token=f"mdp_test_{number}", at=before,
            )  # fmt: skip
    return [f"mdp_test_{number}" for number in range(CLIENTS)]


def post(secret: str, grant: str, key: str) -> tuple[int, str, str]:
    answer = Client().post(
        "/api/v1/compute/jobs",
        {"grant": grant, "key": key, "cards": 1, "time_limit_s": 60, "script": "exit 0"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}", "accept-language": "en"},
    )
    told = answer.json()
    return answer.status_code, told.get("state") or told["code"], told.get("grant", "")


def all_at_once(asked: list[tuple[str, str, str]]) -> list[tuple[int, str, str]]:
    """Every one in a thread of its own, let go together."""
    ready = threading.Barrier(len(asked))

    def one(what: tuple[str, str, str]) -> tuple[int, str, str]:
        try:
            ready.wait(WAIT_S_MAX)
            return post(*what)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(one, asked))


def test_each_of_many_gets_what_it_would_get_alone(people, engine) -> None:
    warm = all_at_once([(one, f"g{n}", "warm") for n, one in enumerate(people)])
    assert {(status, state) for status, state, _ in warm} == {(200, "queued")}
    at = datetime.now(UTC)
    ApiToken.objects.filter(person__email="p1@example.kr").update(revoked_at=at)
    deactivate_person(SYSTEM, Person.objects.get(email="p2@example.kr"), at=at, reason="left")
    Grant.objects.filter(code="g3").update(state="frozen")
    grants = [f"g{n}" for n in range(CLIENTS)]
    grants[4], grants[5] = "g0", "nowhere"  # another's, and none
    expected = [
        (200, "queued", "g0"), NOT_SIGNED_IN, NOT_SIGNED_IN,
        (422, "compute.grant.frozen", ""), NOT_FOUND,
        NOT_FOUND, (200, "queued", "g6"), (200, "queued", "g7"),
    ]  # fmt: skip
    for number in range(ROUNDS):
        keys = [f"k{number}-{n}" for n in range(CLIENTS)]
        told = all_at_once(list(zip(people, grants, keys, strict=True)))
        assert told == expected
    made = Counter(Job.objects.exclude(key="warm").values_list("grant__code", flat=True))
    assert made == dict.fromkeys(("g0", "g6", "g7"), ROUNDS)
    assert set(Job.objects.values_list("by", "grant__code")) == {
        (str(Person.objects.get(email=f"p{n}@example.kr").id), f"g{n}") for n in range(CLIENTS)
    }
    nothing_leaves_a_secure_room(people)


def nothing_leaves_a_secure_room(people) -> None:
    known = PolicyVersion.objects.filter(kind="datahub").latest("version")
    PolicyVersion.objects.create(
        kind="datahub", version=known.version + 1, sha256="0" * 64, created_by="op-1",
        valid_from=portal_clock().now(), created_at=portal_clock().now(),
        data={**known.data, "secure_rooms": ["127.0.0.0/8"]},
    )  # fmt: skip
    told = all_at_once([(one, f"g{n}", "none") for n, one in enumerate(people)])
    assert {(status, code) for status, code, _ in told} == {(403, "datahub.room.takes_nothing")}
    assert not Job.objects.filter(key="none").exists()
