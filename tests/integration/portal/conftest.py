"""People of every role, and clients that ask as they do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from madang.core.clock import FixedClock
from madang.parties.actor import Actor, system_actor
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.models import Person
from madang.portal.clock import portal_clock

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PASSWORD = "open-the-yard-2026"


@pytest.fixture(autouse=True)
def cheap_hashes(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """Wrong sign-ins are counted over tests too."""
    cache.clear()


@pytest.fixture(autouse=True)
def still_clock(monkeypatch) -> FixedClock:
    """The portal's clock stands at AT until a test moves it."""
    clock = FixedClock(AT)
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: clock)
    portal_clock.cache_clear()
    return clock


@pytest.fixture
def system(db) -> Actor:
    return system_actor("cli")


@pytest.fixture
def person(system):
    """Enter somebody: `person("kim@hana.example", "beneficiary", organisation="hana")`."""

    def make(email: str, *roles: str, organisation: str | None = None) -> Person:
        if organisation is not None:
            declare_organisation(
                system, code=organisation, name_ko=organisation, name_en=organisation,
                kind="sme", at=AT - timedelta(days=1),
            )  # fmt: skip
        return declare_person(
            system, email=email, organisation=organisation, roles=roles, name=email[:3],
            password=PASSWORD, token=token_of(email), at=AT - timedelta(days=1),
        ).row  # fmt: skip

    return make


def token_of(email: str) -> str:
    return f"mdp_test_{email}"


class Api:
    """Asks the API with a token; answers (status, document)."""

    def __init__(self, email: str | None = None, language: str = "en") -> None:
        self._client = Client()
        self._headers = {"accept-language": language}
        if email is not None:
            self._headers["authorization"] = f"Bearer {token_of(email)}"

    def get(self, path: str, **headers: str):
        return self._told(self._client.get(f"/api/v1{path}", headers=self._headers | headers))

    def post(self, path: str, body: object = None, **headers: str):
        response = self._client.post(
            f"/api/v1{path}",
            json.dumps(body or {}),
            content_type="application/json",
            headers=self._headers | {n.replace("_", "-"): v for n, v in headers.items()},
        )
        return self._told(response)

    @staticmethod
    def _told(response):
        return response.status_code, json.loads(response.content), response


@pytest.fixture
def api():
    return Api


@pytest.fixture
def browse(client):
    """A page as somebody sees it: `browse(person).get("/account/")`."""

    def as_person(somebody: Person | None = None, language: str = "en") -> Client:
        browser = Client()
        browser.cookies["django_language"] = language
        if somebody is not None:
            browser.force_login(
                somebody, backend="allauth.account.auth_backends.AuthenticationBackend"
            )
        return browser

    return as_person
