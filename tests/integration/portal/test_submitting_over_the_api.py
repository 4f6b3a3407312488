"""POST /compute/jobs as a user's script sends it: who asks is read in one statement, with
nothing kept from the call before, and a job that was just made is told without reading it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from compute_stage import ScriptedEngine, Stage
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.integration.portal.conftest import token_of

from madang.compute.errors import EngineUnwell
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import grant_for, grants_of
from madang.compute.jobs import actions
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder
from madang.core.errors import NotFound, NotSignedIn
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.models import Organisation
from madang.parties.people.actions import (
    deactivate_person,
    declare_person,
    end_place,
    set_place,
)
from madang.parties.people.models import ApiToken, Membership, Person
from madang.parties.people.queries import actor_for
from madang.parties.people.tokens import asking_by_token, asking_by_tokens, person_by_token
from madang.parties.suppliers.actions import declare_supplier

STATEMENTS_MAX = 16
"""Who asks, the policy of secure rooms, the grant; and what a submission writes."""


@pytest.fixture
def engine(monkeypatch) -> ScriptedEngine:
    made = ScriptedEngine()
    monkeypatch.setattr("madang.compute.jobs.api.engine_for", lambda site, at: made)
    return made


@pytest.fixture
def stage(still_clock, database) -> Stage:
    still_clock.advance(datetime.now(UTC) - still_clock.now())
    with transaction.atomic():
        return Stage()


def body(key: str, **more) -> dict[str, object]:
    return {
        "grant": "g1",
        "key": key,
        "cards": 1,
        "time_limit_s": 60,
        "script": "exit 0",
    } | more


@pytest.mark.django_db
@pytest.mark.parametrize("array", [0, 3])
def test_a_job_that_was_just_made_is_told_as_it_is_read_afterwards(
    api, person, stage, engine, array
) -> None:
    stage.grant()
    person("kim@hana.example", "beneficiary", organisation="hana")
    kim = api("kim@hana.example")
    status, made, _ = kim.post("/compute/jobs", body("k1", array=array))
    assert (status, made["state"], made.pop("replayed")) == (200, "queued", False)
    assert len(made["attempts"]) == max(array, 1)
    assert kim.get(f"/compute/jobs/{made['id']}")[1] == made
    status, again, _ = kim.post("/compute/jobs", body("k1", array=array))
    assert (status, again.pop("replayed"), again) == (200, True, made)
    assert len(engine.submitted) == 1


@pytest.mark.django_db
def test_a_submission_takes_few_statements(api, person, stage, engine) -> None:
    stage.grant()
    person("kim@hana.example", "beneficiary", organisation="hana")
    kim = api("kim@hana.example")
    assert kim.post("/compute/jobs", body("first"))[0] == 200
    with CaptureQueriesContext(connection) as queries:
        assert kim.post("/compute/jobs", body("second"))[0] == 200
    told = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
    assert len(told) <= STATEMENTS_MAX, [one[:70] for one in told]


@pytest.mark.django_db
def test_what_is_revoked_ended_or_barred_stops_with_the_next_call(
    api, person, stage, engine, system
) -> None:
    stage.grant()
    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    lee = person("lee@hana.example", "beneficiary", organisation="hana")
    park = person("park@hana.example", "beneficiary", organisation="hana")
    at = datetime.now(UTC)
    for one in (kim, lee, park):
        assert api(one.email).post("/compute/jobs", body(one.email))[0] == 200
    ApiToken.objects.filter(person=kim).update(revoked_at=at)
    end_place(system, Membership.objects.get(person=lee), at=at - timedelta(seconds=1))
    deactivate_person(system, park, at=at, reason="left")
    told = [api(one.email).post("/compute/jobs", body("next"))[0] for one in (kim, lee, park)]
    assert told == [401, 404, 401]
    assert len(engine.submitted) == 3


def somebody(person, system, what: str) -> Person:
    """People whose rights differ in everything that the statement reads."""
    at = datetime.now(UTC) - timedelta(days=1)
    roles = {"office": ("operator", "auditor"), "nobody": ()}.get(what, ("beneficiary",))
    firm = None if what in {"office", "nobody"} else "hana"
    found = person(f"{what}@madang.example", *roles, organisation=firm)
    hana = Organisation.objects.filter(code="hana").first()
    if what == "seller":
        set_place(system, found, hana, unit="", roles=["supplier", "beneficiary"], at=at)
    if what in {"seller", "buyer"}:  # buys from a firm that sells, too
        declare_supplier(system, code="hana", name_ko="하나", name_en="Hana", at=at)
    if what == "former":
        end_place(system, Membership.objects.get(person=found), at=at)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["office", "nobody", "plain", "seller", "buyer", "former"])
def test_one_statement_tells_of_a_person_what_several_do(person, system, what: str) -> None:
    found = somebody(person, system, what)
    at, secret = datetime.now(UTC), token_of(found.email)
    read, actor = asking_by_token(secret, at=at, origin="api")
    assert read == person_by_token(secret) == found
    assert (read.email, read.is_active, read.language) == (found.email, True, found.language)
    assert actor == actor_for(found, at=at, origin="api")
    ApiToken.objects.update(revoked_at=at)
    with pytest.raises(NotSignedIn):
        asking_by_token(secret, at=at, origin="api")


@pytest.mark.django_db
def test_one_statement_tells_of_several_each_its_own(person, system) -> None:
    at = datetime.now(UTC)
    kinds = ["office", "nobody", "plain", "seller", "buyer", "former"]
    found = [somebody(person, system, what) for what in kinds]
    late = end_place(system, Membership.objects.get(person=found[2]), at=at)
    shown = [(token_of(one.email), at) for one in found]
    shown = [*shown[:3], ("mdp_of_nobody", at), *shown[3:], shown[0]]
    before = [*shown, (token_of(found[2].email), at - timedelta(seconds=1))]
    with CaptureQueriesContext(connection) as queries:
        told = asking_by_tokens(before, origin="api")
    assert len(queries) == 1
    assert told[3] is None
    assert told[:3] + told[4:7] == [
        (one, actor_for(one, at=at, origin="api")) for one in found
    ], late
    assert told[7] == told[0]
    assert told[2][1].roles == frozenset()
    assert told[8][1].roles == {Role.BENEFICIARY}


@pytest.mark.django_db
def test_several_on_several_grants_are_read_in_one_statement(stage, engine) -> None:
    grants = [stage.grant(f"g{n}", organisation=f"o{n}") for n in range(3)]
    holders = [
        Actor("p-1", frozenset({Role.BENEFICIARY}), frozenset({one.organisation_id}),
              places=frozenset({(one.organisation_id, Role.BENEFICIARY)}))
        for one in grants
    ]  # fmt: skip
    outsider, auditor = Actor("p-2"), Actor("p-3", frozenset({Role.AUDITOR}))
    named = [
        actions._Named(actor, code, JobOrder(f"k{n}", 1, 60, script="exit 0"))
        for n, (actor, code) in enumerate(
            [(holders[0], "g0"), (holders[1], "g1"), (holders[2], "g0"), (outsider, "g1"),
             (auditor, "g1"), (holders[2], "g2"), (holders[2], "nowhere")]
        )
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        done = actions._read_and_each(named, lambda site, at: engine, datetime.now(UTC))
    assert sum("compute_grant" in one["sql"] and "JOIN" in one["sql"] for one in queries) == 1
    assert [type(one).__name__ for one in done] == [
        "SubmittedOne", "SubmittedOne", "NotFound", "NotFound", "NotAllowed", "SubmittedOne",
        "NotFound",
    ]  # fmt: skip
    assert [key for key, _ in engine.submitted] == [
        done[place].job.engine_key for place in (0, 1, 5)
    ]


@pytest.mark.django_db
def test_an_engine_that_cannot_be_addressed_refuses_those_of_its_site(stage, engine) -> None:
    stage.grant()

    def unwell(site, at):
        raise EngineUnwell(site=site.code, reason="no secret")

    named = [
        actions._Named(system_actor("api"), code, JobOrder("k1", 1, 60, script="exit 0"))
        for code in ("g1", "nowhere")
    ]
    done = actions._read_and_each(named, unwell, datetime.now(UTC))
    assert [type(one) for one in done] == [EngineUnwell, NotFound]
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("firm", ["hana", "other"])
def test_one_grant_is_seen_by_whom_all_are(stage, role, firm: str) -> None:
    grant = stage.grant()
    place = stage.market.organisation(firm).id
    roles = frozenset({role} if role else ())
    actor = Actor("p-1", roles, frozenset({place}) if role else frozenset())
    seen = grants_of(actor).filter(code="g1").first()
    if seen is None:
        with pytest.raises(NotFound):
            grant_for(actor, "g1")
        return
    with CaptureQueriesContext(connection) as queries:
        found = grant_for(actor, "g1")
        pointed = [found.organisation, found.gpu_class.site, found.gpu_class.offering]
    assert len(queries) == 1
    assert found == seen == grant
    assert {f.name: getattr(found, f.attname) for f in Grant._meta.concrete_fields} == {
        f.name: getattr(seen, f.attname) for f in Grant._meta.concrete_fields
    }
    assert pointed == [seen.organisation, seen.gpu_class.site, seen.gpu_class.offering]
    assert found.voucher is None
    assert grant_for(system_actor("cli"), "g1") == grant


def test_a_connection_that_was_ended_meanwhile_is_opened_again(
    committed_db, api, stage, engine
) -> None:
    with transaction.atomic():
        stage.grant()
    declare_person(
        system_actor("cli"), email="kim@hana.example", organisation="hana",
        roles=["beneficiary"], token=token_of("kim@hana.example"),
        at=datetime.now(UTC) - timedelta(days=1),
    )  # fmt: skip
    kim = api("kim@hana.example")
    assert kim.post("/compute/jobs", body("before"))[0] == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    known = connection.get_connection_params()
    place = {one: known[one] for one in ("dbname", "user", "host", "port") if one in known}
    with psycopg.connect(**place) as other:
        ended = other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        assert ended.fetchone() == (True,)
    assert kim.post("/compute/jobs", body("after"))[0] == 200
    assert len(engine.submitted) == 2
