"""A town for money: everything goes through the REST API, as the application's own role.

The superuser that migrates the test database may do everything; the application may not. So
each test gives `madang_app` exactly the rights of an installation and goes on as that role.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from madang.core.clock import SEOUL, FixedClock
from madang.core.money import microwon_from_won, price_from_won_each
from madang.core.units import Meter, Unit
from madang.ledger import queries as ledger
from madang.metering.duties import settle_due
from madang.metering.identities import identities as metering_identities
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
)
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.models import Person
from madang.parties.people.queries import actor_for
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.calls.actions import declare_call
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.models import Agreement, Award

AT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
LONG_AGO = datetime(2025, 12, 31, 15, 0, tzinfo=UTC)

AS_INSTALLED = """
DO $$
DECLARE t record;
BEGIN
    FOR t IN SELECT c.relname AS name, EXISTS (
                 SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid
                  AND g.tgname = c.relname || '_no_change') AS is_fact
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                AND c.relname NOT LIKE 'ledger\\_%'
    LOOP
        EXECUTE format('GRANT SELECT, INSERT ON %I TO madang_app', t.name);
        IF NOT t.is_fact THEN
            EXECUTE format('GRANT UPDATE, DELETE ON %I TO madang_app', t.name);
        END IF;
    END LOOP;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO madang_app;
END $$;
"""


def as_the_application() -> None:
    """From here on the test's connection has an installation's rights, no more."""
    with connection.cursor() as cursor:
        cursor.execute(AS_INSTALLED)
        local = "LOCAL" if connection.in_atomic_block else ""  # a committed one is closed after
        cursor.execute(f"SET {local} ROLE madang_app")


class Refusal(Exception):
    """What the API refused, with its stable code."""

    def __init__(self, status: int, document: dict) -> None:
        super().__init__(f"{status} {document.get('code')}: {document.get('detail')}")
        self.status, self.code, self.fields = status, document.get("code"), document["fields"]


class Desk:
    """One person at the API."""

    def __init__(self, email: str) -> None:
        self._client = Client()
        self._headers = {"authorization": f"Bearer mdp_test_{email}", "accept-language": "en"}

    def get(self, path: str):
        return self._told(self._client.get(f"/api/v1{path}", headers=self._headers))

    def post(self, path: str, /, **body):
        return self._send("post", path, body)

    def put(self, path: str, /, **body):
        return self._send("put", path, body)

    def post_again(self, path: str, key: str, /, **body):
        """With an Idempotency-Key."""
        return self._send("post", path, body, **{"idempotency-key": key})

    def refused(self, path: str, code: str, /, **body) -> Refusal:
        with pytest.raises(Refusal) as found:
            self.post(path, **body)
        assert found.value.code == code, found.value
        return found.value

    def _send(self, method: str, path: str, body: dict, **headers: str):
        response = getattr(self._client, method)(
            f"/api/v1{path}",
            json.dumps(body, default=_spoken),
            content_type="application/json",
            headers=self._headers | headers,
        )
        return self._told(response)

    @staticmethod
    def _told(response):
        document = json.loads(response.content)
        if response.status_code != 200:
            raise Refusal(response.status_code, document)
        return document


def _spoken(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


class Town:
    """People with tokens, a clock that moves, and the books looked at."""

    def __init__(self, system, clock: FixedClock) -> None:
        self.system, self.clock = system, clock
        self._seen = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def at(self, text: str) -> datetime:
        """Move to an instant of Seoul's wall clock."""
        wanted = datetime.fromisoformat(text).replace(tzinfo=SEOUL).astimezone(UTC)
        self.clock.advance(wanted - self.clock.now())
        return wanted

    def after(self, **span: float) -> datetime:
        self.clock.advance(timedelta(**span))
        return self.now

    def desk(self, email: str) -> Desk:
        """Give somebody who is known already a token, once."""
        return Desk(email)

    def duties(self) -> None:
        from madang.programme.duties import programme_due

        settle_due(at=self.now)
        programme_due(at=self.now)

    def wells(self) -> None:
        """Trial balance 0 in all books, every identity of ledger and metering."""
        found = ledger.trial_balance()
        assert found.is_balanced
        assert [one for one in ledger.identities() if not one.ok] == []
        assert [one for one in metering_identities() if not one.ok] == []

    def sums(self) -> dict[str, int]:
        """Balances in won by code, zeros left out."""
        found: dict[str, int] = {}
        for line in ledger.trial_balance().accounts:
            found[line.code] = found.get(line.code, 0) + line.net
        return {code: net // 1_000_000 for code, net in sorted(found.items()) if net}

    def reference(self) -> str:
        self._seen += 1
        return f"bank-{self._seen}"


@pytest.fixture
def town(system, year, monkeypatch, settings) -> Town:
    cache.clear()
    clock = FixedClock(AT)
    monkeypatch.setattr("madang.portal.middleware.actor.portal_clock", lambda: clock)
    made = Town(system, clock)
    firms = {
        "hana": ("sme", "101-81-00001"),
        "duri": ("sme", "101-81-00002"),
        "nuri": ("midsize", "101-81-00003"),
        "mirae": ("midsize", "101-81-00004"),
    }
    for code, (kind, number) in firms.items():
        declare_organisation(
            system, code=code, name_ko=code, name_en=code, kind=kind,
            registration_no=number, at=AT,
        )  # fmt: skip
    for code in ("nuri", "mirae"):
        declare_supplier(
            system, code=code, name_ko=code, name_en=code, organisation=code, at=AT
        )
    people = [
        *((f"op{n}@agency.example", None, "operator") for n in (1, 2, 3)),
        ("au@audit.example", None, "auditor"),
        ("ceo@hana.example", "hana", "beneficiary"),
        ("ceo@duri.example", "duri", "beneficiary"),
        ("s@nuri.example", "nuri", "supplier"),
        ("s@mirae.example", "mirae", "supplier"),
    ]
    for email, firm, role in people:
        declare_person(
            system, email=email, organisation=firm, roles=[role], name=email[:3],
            token=f"mdp_test_{email}", at=AT,
        )  # fmt: skip
    for code, won_each in (("nuri/report", "100000"), ("mirae/report", "30000.35")):
        supplier = code.partition("/")[0]
        row = declare_offering(
            system,
            declare_supplier(
                system, code=supplier, name_ko=supplier, name_en=supplier, at=AT
            ).row,
            OfferingFacts(code, Meter.DELIVERY),
            through=Door.DECLARATION,
            at=AT,
        ).row
        add_price(
            system, row, Price(Unit.REQUEST, price_from_won_each(won_each), LONG_AGO), at=AT
        )
    for number in (1, 2, 3):
        setattr(made, f"op{number}", Desk(f"op{number}@agency.example"))
    made.auditor = Desk("au@audit.example")
    made.hana, made.duri = Desk("ceo@hana.example"), Desk("ceo@duri.example")
    made.nuri, made.mirae = Desk("s@nuri.example"), Desk("s@mirae.example")
    made.actor = lambda email: actor_for(
        Person.objects.get(email=email), at=made.now, origin="test"
    )
    return made


@pytest.fixture
def granted(town, year):
    """A direct voucher: `granted()`; answers its award, as the application."""

    def make(
        code: str = "v-hana", firm: str = "hana", subsidy_won: int = 4_000_000,
        deposit_won: int = 2_000_000, expires_on: date = date(2026, 12, 31),
    ) -> Award:  # fmt: skip
        terms = GrantTerms(
            code, "api-voucher", firm, microwon_from_won(subsidy_won),
            microwon_from_won(deposit_won), expires_on, ("*",),
        )  # fmt: skip
        voucher = grant_directly(town.system, terms, at=town.now).row
        as_the_application()
        return Award.objects.get(voucher=voucher)

    return make


@pytest.fixture
def use(town):
    """Record a delivery through the API: `use("v-hana", 3)`; its answer."""

    def make(voucher: str, quantity: int = 1, offering: str = "nuri/report", **more):
        return town.op1.post(
            "/usage", voucher=voucher, offering=offering, quantity=quantity,
            **({"id": f"d-{uuid4().hex}"} | more),
        )  # fmt: skip

    return make


@pytest.fixture
def stated(town):
    """Close and confirm a supplier's month: `stated("nuri")`; its number."""

    def make(supplier: str = "nuri", month: str | None = None) -> int:
        month = month or town.now.astimezone(SEOUL).strftime("%Y-%m")
        found = town.op1.post("/statements", supplier=supplier, month=month)
        number = found["statement"]["number"]
        town.desk(f"s@{supplier}.example").post(
            f"/statements/{supplier}/{month}/{number}/confirm"
        )
        return number

    return make


@pytest.fixture
def paid(town, stated):
    """State a month and pay it to the end: `paid("nuri")`; the payouts' amounts in won."""

    def make(supplier: str = "nuri", month: str | None = None) -> list[int]:
        month = month or town.now.astimezone(SEOUL).strftime("%Y-%m")
        number = stated(supplier, month)
        rows = town.op1.post(f"/statements/{supplier}/{month}/{number}/payouts")
        for row in rows:
            town.op2.post(f"/payouts/{row['id']}/approve")
            town.op1.post(f"/payouts/{row['id']}/settle")
        return [row["amount_microwon"] // 1_000_000 for row in rows]

    return make


@pytest.fixture
def decided(town, year, content, apply_for, decide, seoul):
    """hana (with nuri) selected for 10 million won in two halves; duri in reserve."""

    def make(budget_won: int = 15_000_000, tranches=("1/2", "1/2"), amount_won=10_000_000):
        call = declare_call(
            town.system, year,
            content(
                code="c-2026-2", budget_won=budget_won, terms={"tranches": list(tranches)}
            ),
            at=town.now,
        ).row  # fmt: skip
        town.at("2026-03-25 10:00")
        rows = {
            apply_for("hana", amount_won, supplier="nuri", to=call): 95,
            apply_for("duri", 9_000_000, to=call): 80,
        }
        decide(call, rows)
        as_the_application()
        return Award.objects.get(organisation__code="hana")

    return make


def sign(town, award: Award, *desks: Desk) -> dict:
    row = Agreement.objects.get(award=award)
    for desk in desks or (town.op1, town.hana, town.nuri):
        done = desk.post(f"/agreements/{row.id}/sign", sha256=row.terms_sha256)
    return done


@pytest.fixture
def running(town, decided):
    """Signed, paid for and issued: the first half is in the voucher."""

    def make(**change) -> Award:
        award = decided(**change)
        assert sign(town, award)["state"] == "signed"
        award.refresh_from_db()
        town.op1.post(
            f"/awards/{award.id}/deposits", payer="hana", reference=town.reference(),
            amount_microwon=award.copayment.cash_microwon, received_at=town.now,
        )  # fmt: skip
        town.op2.post(f"/awards/{award.id}/voucher")
        award.refresh_from_db()
        return award

    return make
