"""A hub over a real database: two firms' builders, an operator, a store of its own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.reading import layout_of
from madang.datahub.sets.actions import create_data_set
from madang.parties.actor import Actor, system_actor
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for

AT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture(autouse=True)
def store(settings, tmp_path, database):
    settings.DATAHUB_STORE = str(tmp_path / "store")
    layout_of.cache_clear()  # another database counts its packs anew
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path / "store"


@pytest.fixture
def person():
    def make(email: str, organisation: str, role: str) -> Actor:
        system = system_actor("cli")
        declare_organisation(
            system, code=organisation, name_ko=organisation, name_en=organisation, kind="sme",
            at=AT,
        )  # fmt: skip
        row = declare_person(
            system, email=email, organisation=organisation, roles=[role],
            token=f"mdp_test_{email}", at=AT,
        ).row  # fmt: skip
        return actor_for(row, at=AT, origin="api")

    return make


@pytest.fixture
def builder(person) -> Actor:
    return person("b@hana.example", "hana", "builder")


@pytest.fixture
def stranger(person) -> Actor:
    return person("b@bada.example", "bada", "builder")


@pytest.fixture
def data_set(builder):
    return create_data_set(builder, code="hana/first", at=AT)


@pytest.fixture
def operator(person) -> Actor:
    return person("op@agency.example", "agency", "operator")


@pytest.fixture
def filled(builder, data_set):
    """A commit of one small file."""
    row = take_in(data_set, [b"a"], Announced(1), at=AT)
    return commit(builder, data_set, Change(puts=[("a.txt", bytes(row.sha256))]), at=AT)
