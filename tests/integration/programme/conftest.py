"""A programme year of 100 million won, two operators, firms, a supplier, reviewers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from madang.core.clock import SEOUL
from madang.core.money import Ratio, microwon_from_won
from madang.ledger import queries as ledger
from madang.parties.actor import Actor, system_actor
from madang.parties.models import Organisation
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for, person_by_email
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.agreements.actions import sign_agreement
from madang.programme.applications.actions import (
    save_application,
    start_application,
    submit_application,
)
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.calls.actions import declare_call
from madang.programme.calls.content import CallContent
from madang.programme.models import Award
from madang.programme.selection.actions import (
    assign_reviewer,
    compute_ranking,
    confirm_ranking,
    start_review,
)
from madang.programme.years.actions import declare_programme
from madang.review.assignments.actions import declare_interest
from madang.review.reviews.actions import submit_review

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
        (line.code, "|".join(f"{k}={v}" for k, v in sorted(line.dimensions.items()))): line.net
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


@pytest.fixture
def content(seoul):
    """The words of a call: `content(code="c-1", budget_won=…)`."""

    def make(**change) -> CallContent:
        facts = {
            "code": "c-2026-1",
            "title_ko": "상반기 공고",
            "title_en": "First call",
            "opens_at": seoul("2026-03-03 09:00"),
            "closes_at": seoul("2026-03-24 15:00"),
            "budget_microwon": microwon_from_won(change.pop("budget_won", 30_000_000)),
            "criteria": [{"code": "plan", "weight": 40}, {"code": "effect", "weight": 60}],
            "rules": {"panel": 5, "quorum": 3, "tie": ["criterion:effect", "lottery"]},
            "terms": {"deposit_days": 14},
        }
        return CallContent(**(facts | change))

    return make


@pytest.fixture
def call(system, year, content):
    """An approved call, open from 3 March 09:00 to before 24 March 15:00."""
    return declare_call(system, year, content(), at=AT).row


@pytest.fixture
def apply_for(call, person, won, seoul):
    """Hand in an application of a firm: `apply_for("hana", 10_000_000)`; answers the row."""

    def make(code: str, requested_won: int, *, supplier: str = "", to=None, at=None):
        actor = person(f"ceo@{code}.example", code, "beneficiary")
        (organisation,) = actor.organisations
        when = at or seoul("2026-03-10 10:00")
        row = start_application(
            actor, to or call, Organisation.objects.get(id=organisation), at=when
        )
        save_application(
            actor,
            row.id,
            answers={"title": f"plan of {code}", "plan": "we call models"},
            requested_microwon=won(requested_won),
            supplier=supplier,
            at=when,
        )
        return submit_application(actor, row.id, at=when)

    return make


@pytest.fixture
def review_all(operators, reviewers, seoul):
    """Check all, start the review, score: `review_all(call, {row: 80, …})`; when it ended."""

    def run(call, points: dict):
        when = seoul("2026-03-25 10:00")
        for row in points:
            check_eligibility(operators[0], row.id, is_eligible=True, at=when)
        start_review(operators[0], call.id, at=when)
        for row, score in points.items():
            for offset, (actor, human) in enumerate(reviewers[:3]):
                seat = assign_reviewer(operators[0], row.id, human, at=when)
                declare_interest(actor, seat.id, has_conflict=False, at=when)
                scores = {"plan": score + offset, "effect": score}
                submit_review(actor, seat.id, scores=scores, at=when)
        return when

    return run


@pytest.fixture
def decide(operators, review_all):
    """Review, rank and confirm by two people; answers the instant of the decision."""

    def run(call, points: dict):
        when = review_all(call, points)
        found = compute_ranking(operators[0], call.id, at=when)
        for operator in operators:
            confirm_ranking(operator, call.id, found.id, at=when)
        return when

    return run


@pytest.fixture
def sign_all(operators, person):
    """Every party of an award's agreement signs; answers the award, read again."""

    def run(award, at):
        row = award.agreement
        signers = [
            operators[0],
            person(
                f"ceo@{award.organisation.code}.example",
                award.organisation.code,
                "beneficiary",
            ),
        ]
        if award.supplier is not None:
            code = award.supplier.code
            signers.append(person(f"s@{code}.example", code, "supplier"))
        for signer in signers:
            sign_agreement(signer, row.id, sha256=row.terms_sha256, at=at)
        return Award.objects.get(pk=award.pk)

    return run


@pytest.fixture
def declare_supplier_of(system):
    def make(*codes: str) -> None:
        for code in codes:
            declare_supplier(system, code=code, name_ko=code, name_en=code, at=AT)

    return make
