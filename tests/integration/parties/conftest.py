"""People and firms for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from madang.parties.actor import Actor, system_actor
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cheap_hashes(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def system(database) -> Actor:
    return system_actor("cli")


@pytest.fixture
def firm(system):
    """Make an organisation: `firm("hana")`."""

    def make(code: str, kind: str = "sme"):
        return declare_organisation(
            system, code=code, name_ko=code, name_en=code, kind=kind, at=AT
        ).row

    return make


@pytest.fixture
def person(system, firm):
    """Make a person in a firm and answer the actor: `person("kim@hana.example", "hana", …)`."""

    def make(email: str, organisation: str | None, *roles: str, unit: str = "") -> Actor:
        if organisation is not None:
            firm(organisation)
        row = declare_person(
            system, email=email, organisation=organisation, roles=roles, unit=unit, at=AT
        ).row
        return actor_for(row, at=AT, origin="portal")

    return make
