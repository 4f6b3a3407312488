"""A panel over two subjects, three reviewers, two operators."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from madang.parties.actor import Actor, system_actor
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for, person_by_email
from madang.parties.policies.queries import current_policy
from madang.review.conflicts import Party
from madang.review.panels.actions import add_subject, form_panel
from madang.review.rules import rules_from

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cheap_hashes(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def person(database):
    """Make a person in a firm and answer the actor."""
    system = system_actor("cli")

    def make(email: str, organisation: str | None, *roles: str, unit: str = "") -> Actor:
        if organisation is not None:
            declare_organisation(
                system,
                code=organisation,
                name_ko=organisation,
                name_en=organisation,
                kind="university",
                at=AT,
            )
        row = declare_person(
            system, email=email, organisation=organisation, roles=roles, unit=unit, at=AT
        ).row
        return actor_for(row, at=AT, origin="portal")

    return make


@pytest.fixture
def operators(person) -> tuple[Actor, Actor]:
    return (
        person("one@agency.example", None, "operator"),
        person("two@agency.example", None, "operator"),
    )


@pytest.fixture
def make_rules(database):
    def make(**change):
        policy = current_policy("review", AT).data
        criteria = [{"code": "plan", "weight": 40}, {"code": "effect", "weight": 60}]
        base = policy | {"criteria": criteria, "quorum": 3, "panel": 5}
        return rules_from(base | change)

    return make


@pytest.fixture
def panel(operators, make_rules):
    return form_panel(
        operators[0],
        context_type="test",
        context_id=uuid.uuid4(),
        rules=make_rules(),
        budget_microwon=100,
        at=AT,
    )


@pytest.fixture
def subject(operators, person):
    """Bring a subject of a firm before a panel: `subject(panel, "hana")`."""

    def make(panel, code: str, cost: int = 60, unit: str = "", supplier: str | None = None):
        kim = person(f"ceo@{code}.example", code, "beneficiary", unit=unit)
        parties = [
            Party("organisation", next(iter(kim.organisations)), "applicant", unit),
            Party("person", uuid.UUID(kim.id)),
        ]
        if supplier is not None:
            seller = person(f"s@{supplier}.example", supplier, "supplier")
            parties.append(Party("organisation", next(iter(seller.organisations)), "supplier"))
        return add_subject(
            operators[0],
            panel,
            subject_type="paper",
            subject_id=uuid.uuid4(),
            parties=parties,
            requested_microwon=cost,
            at=AT,
        )

    return make


@pytest.fixture
def reviewers(person) -> list[tuple[Actor, object]]:
    made = []
    for name in ("ahn", "bae", "cho", "do"):
        email = f"{name}@{name}-univ.example"
        actor = person(email, f"{name}-univ", "reviewer", unit="AI")
        made.append((actor, person_by_email(email)))
    return made
