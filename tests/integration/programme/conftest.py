"""A programme year of 100 million won, two operators, firms, a supplier, reviewers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from madang.core.clock import SEOUL
from madang.core.money import Ratio, microwon_from_won
from madang.ledger import queries as ledger
from madang.parties.actor import Actor, system_actor
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for, person_by_email
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.years.actions import declare_programme

AT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
BUDGET_WON = 100_000_000


@pytest.fixture(autouse=True)
def cheap_hashes(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def seoul():
    """An instant by the wall clock of Seoul: `seoul("2026-03-24 15:00")`."""
    return lambda text: datetime.fromisoformat(text).replace(tzinfo=SEOUL).astimezone(UTC)


@pytest.fixture
def won():
    return microwon_from_won


@pytest.fixture
def system(database) -> Actor:
    return system_actor("cli")


@pytest.fixture
def firm(system):
    def make(code: str, kind: str = "sme", representative: str = ""):
        return declare_organisation(
            system,
            code=code,
            name_ko=code,
            name_en=code.title(),
            kind=kind,
            representative=representative,
            at=AT,
        ).row

    return make


@pytest.fixture
def person(system, firm):
    def make(email: str, organisation: str | None, *roles: str, unit: str = "") -> Actor:
        if organisation is not None:
            firm(organisation)
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
def auditor(person) -> Actor:
    return person("aud@audit.example", None, "auditor")


@pytest.fixture
def kim(person) -> Actor:
    return person("kim@hana.example", "hana", "beneficiary")


@pytest.fixture
def lee(person) -> Actor:
    return person("lee@duri.example", "duri", "beneficiary")


@pytest.fixture
def nuri(system, person):
    """A supplier's seller."""
    declare_supplier(system, code="nuri", name_ko="누리", name_en="Nuri", at=AT)
    row = declare_person(
        system, email="s@nuri.example", organisation="nuri", roles=["supplier"], at=AT
    ).row
    return actor_for(row, at=AT, origin="portal")


@pytest.fixture
def reviewers(person) -> list[tuple[Actor, object]]:
    made = []
    for name in ("ahn", "bae", "cho", "do", "eun"):
        email = f"{name}@{name}-univ.example"
        made.append((person(email, f"{name}-univ", "reviewer"), person_by_email(email)))
    return made


@pytest.fixture
def declare_year(system):
    def make(**change):
        facts = {
            "code": "api-voucher",
            "name_ko": "바우처",
            "name_en": "Voucher",
            "year": 2026,
            "starts_on": date(2026, 1, 1),
            "ends_on": date(2026, 12, 31),
            "subsidy_ratio": Ratio(4, 5),
            "vat_rate": Ratio(1, 10),
            "budget_microwon": microwon_from_won(BUDGET_WON),
            "at": AT,
        }
        return declare_programme(change.pop("actor", system), **(facts | change))

    return make


@pytest.fixture
def year(declare_year):
    return declare_year().row


def balances() -> dict[tuple[str, str], int]:
    """Every account's balance in won, by code and dimensions."""
    return {
        (line.code, "|".join(f"{k}={v}" for k, v in sorted(line.dimensions.items()))): int(
            line.balance
        )
        // 1_000_000
        for line in ledger.trial_balance().accounts
    }


@pytest.fixture
def sums():
    """Balances in won summed over dimensions, zeros left out: {"B100": …}."""

    def read() -> dict[str, int]:
        found: dict[str, int] = {}
        for (code, _), amount in balances().items():
            found[code] = found.get(code, 0) + amount
        return {code: amount for code, amount in sorted(found.items()) if amount}

    return read
