"""Flags: facts that came together, shown to a person; nothing is rejected by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.metering_market import LONG_AGO, OPERATOR, Market, won

from madang.core.errors import NotAllowed, NotFound
from madang.core.ids import uuid7
from madang.metering.deposits.actions import record_deposit
from madang.metering.models import PriceSet, Usage
from madang.metering.usage.actions import record_usage
from madang.parties.models import Event, Organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for
from madang.parties.relationships.actions import declare_relationship
from madang.programme.errors import OwnOrganisation, PersonDecides, ReasonMissing
from madang.programme.flags.actions import decide_flag, find_flags, record_contact
from madang.programme.flags.digests import account_digest, network_digest
from madang.programme.flags.queries import flag_for, flags_for
from madang.programme.flags.traces import trace_submission
from madang.programme.models import Application, Flag

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
def look(system, at):
    """Look once; answers {kind: codes of the organisations}."""

    def run(when=None) -> dict[str, list[str]]:
        find_flags(system, at=when or at)
        return {
            row.kind: sorted(firm.code for firm in row.organisations.all())
            for row in Flag.objects.order_by("kind")
        }

    return run


@pytest.fixture
def contact(system, at):
    def make(code: str, *, address: str = "", bank_account: str = "") -> bool:
        firm = Organisation.objects.get(code=code)
        return record_contact(system, firm, address=address, bank_account=bank_account, at=at)

    return make


def test_ordinary_applications_raise_nothing(apply_for, look, contact) -> None:
    for number, code in enumerate(("hana", "duri", "sena")):
        apply_for(code, 1_000_000)
        contact(code, address=f"서울 {number}", bank_account=f"110-{number}")
    assert look() == {}


def test_one_representative_behind_two_firms(firm, apply_for, look) -> None:
    firm("hana", representative="김 하나")
    row = apply_for("hana", 1_000_000)
    twin = apply_for("duri", 1_000_000)
    Organisation.objects.filter(code="duri").update(representative="김하나")
    Organisation.objects.filter(code="hana").update(representative="김 하나")
    assert look() == {"same_representative": ["duri", "hana"]}
    found = Flag.objects.get()
    assert set(found.evidence["applications"]) == {str(row.id), str(twin.id)}
    assert "김" not in str(found.evidence), "ids only"
    assert Application.objects.get(pk=twin.pk).state == "submitted", "nobody is rejected"


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"address": "서울시 마포구 1, 2층"}, "same_address"),
        ({"bank_account": "110-234-567890"}, "same_account"),
    ],
)
def test_one_address_or_account_of_two_firms(apply_for, contact, look, facts, kind) -> None:
    for code in ("hana", "duri", "sena"):
        apply_for(code, 1_000_000)
    assert contact("hana", **facts)
    assert contact("duri", **{name: f" {text} " for name, text in facts.items()})
    assert look() == {kind: ["duri", "hana"]}


def test_one_network_of_two_firms(apply_for, look, at) -> None:
    for code, remote in (("hana", "203.0.113.7"), ("duri", "203.0.113.9"), ("sena", "9.9.9.9")):
        trace_submission(apply_for(code, 1_000_000), remote=remote, at=at)
    assert look() == {"same_network": ["duri", "hana"]}


def test_what_one_firm_shares_with_itself_is_nothing(apply_for, look, at) -> None:
    row = apply_for("hana", 1_000_000)
    for _ in range(2):
        trace_submission(row, remote="203.0.113.7", at=at)
    trace_submission(apply_for("duri", 1_000_000), remote="no address", at=at)
    assert look() == {}


def test_many_applications_for_one_supplier_within_the_hour(
    apply_for, look, seoul, declare_supplier_of
) -> None:
    declare_supplier_of("nuri", "mirae")
    start = seoul("2026-03-10 10:00")
    for number in range(5):
        apply_for(
            f"f{number}", 1_000_000, supplier="nuri", at=start + timedelta(minutes=number * 15)
        )
    for number in range(5):
        apply_for(
            f"g{number}", 1_000_000, supplier="mirae", at=start + timedelta(minutes=number * 16)
        )
    assert look() == {"burst": ["f0", "f1", "f2", "f3", "f4"]}, "60 minutes, not 64"


@pytest.fixture
def market(database) -> Market:
    return Market()


@pytest.fixture
def used(market):
    """hana bought a delivery of nuri for 1,800,000 won of supply."""
    voucher = market.voucher()
    record_usage(OPERATOR, voucher, market.offering(), quantities=1, external_id="d-1", at=NOON)
    return voucher


def test_ordinary_use_raises_nothing(used, look) -> None:
    assert look(NOON) == {}


@pytest.mark.parametrize("kind", ["affiliate", "family", "shareholder"])
def test_tie_between_buyer_and_seller(used, look, system, kind) -> None:
    declare_relationship(system, a="organisation:hana", b="supplier:nuri", kind=kind, at=NOON)
    assert look(NOON) == {"self_dealing": ["hana", "nuri"]}


def test_one_person_at_buyer_and_seller(used, look, system) -> None:
    for firm, role in (("hana", "beneficiary"), ("nuri", "supplier")):
        declare_person(system, email="both@x.example", organisation=firm, roles=[role], at=NOON)
    assert look(NOON) == {"self_dealing": ["hana", "nuri"]}


def test_seller_paid_the_buyers_own_part(used, look) -> None:
    nuri = Organisation.objects.get(code="nuri")
    record_deposit(
        OPERATOR, used, payer=nuri, amount_microwon=won(500_000), reference="b-9",
        received_at=NOON, at=NOON,
    )  # fmt: skip
    assert look(NOON) == {"payback": ["hana", "nuri"]}
    (receipt,) = Flag.objects.get().evidence["receipts"]
    assert receipt["amount_microwon"] == won(500_000)


def test_buyer_and_seller_share_an_account(used, look, contact) -> None:
    contact("hana", bank_account="110-1")
    contact("nuri", bank_account="1101")
    assert look(NOON) == {"payback": ["hana", "nuri"]}


@pytest.mark.parametrize(("subsidy_won", "is_odd"), [(1_400_000, True), (1_400_001, False)])
def test_nearly_all_spent_at_once_with_one_seller(market, look, subsidy_won, is_odd) -> None:
    """70 % of 1,800,000 won is 1,260,000: nine tenths of 1,400,000."""
    voucher = market.voucher(subsidy_won=subsidy_won)
    offering = market.offering()
    record_usage(OPERATOR, voucher, offering, quantities=1, external_id="d-1", at=NOON)
    assert look(NOON) == ({"rush": ["hana"]} if is_odd else {})


def use(voucher, offering, key: int, at: datetime) -> Usage:
    return Usage(
        call=uuid7(), kind="call", voucher=voucher, supplier=offering.supplier,
        offering=offering, price_set=PriceSet.objects.get(), key_no=key,
        quantities={"token.in": 1}, outcome="committed", priced_microwon=0, started_at=at,
        ended_at=at, recorded_at=at, evidence_sha256="0" * 64,
    )  # fmt: skip


@pytest.mark.parametrize(("hours", "keys", "days", "is_odd"), [
    (20, 5, 3, True), (19, 5, 3, False), (20, 4, 3, False), (20, 5, 2, False),
])  # fmt: skip
def test_use_around_the_clock_under_many_keys(
    used, market, look, hours, keys, days, is_odd
) -> None:
    midnight = datetime(2026, 4, 1, 15, 0, tzinfo=UTC)
    offering = market.offering()
    Usage.objects.bulk_create(
        use(used, offering, hour % keys, midnight + timedelta(days=day, hours=hour))
        for day in range(days)
        for hour in range(hours)
    )
    assert look(NOON) == ({"resale": ["hana"]} if is_odd else {})


def test_looking_again_finds_the_same_row(apply_for, look, system, at, contact) -> None:
    for code in ("hana", "duri"):
        apply_for(code, 1_000_000)
        contact(code, address="같은 곳")
    assert find_flags(system, at=at).new == 1
    looked = find_flags(system, at=at)
    assert (looked.new, looked.changed, looked.same) == (0, 0, 1)


def test_cleared_flag_opens_again_with_other_evidence(
    apply_for, look, operators, system, at, contact
) -> None:
    for code in ("hana", "duri"):
        apply_for(code, 1_000_000)
        contact(code, address="창업보육센터")
    look()
    row = Flag.objects.get()
    decide_flag(operators[0], row.id, is_confirmed=False, reason="an incubator", at=at)
    find_flags(system, at=at)
    assert Flag.objects.get().state == "cleared", "the same evidence was judged"
    apply_for("sena", 1_000_000)
    contact("sena", address="창업보육센터")
    assert find_flags(system, at=at).changed == 1
    row.refresh_from_db()
    assert (row.state, row.organisations.count()) == ("open", 3)
    actions = Event.objects.filter(subject_id=str(row.id)).order_by("id")
    assert [one.action for one in actions] == [
        "flag.find", "flag.clear", "flag.change", "flag.reopen",
    ]  # fmt: skip


def test_only_a_person_outside_decides_and_says_why(
    apply_for, look, operators, system, person, kim, at, contact
) -> None:
    for code in ("hana", "duri"):
        apply_for(code, 1_000_000)
        contact(code, address="같은 곳")
    look()
    row = Flag.objects.get()
    insider = declare_person(
        system, email="in@agency.example", organisation="hana", roles=["operator"], at=at
    ).row
    for actor, reason, refusal in (
        (system, "r", PersonDecides),
        (actor_for(insider, at=at, origin="portal"), "r", OwnOrganisation),
        (kim, "r", NotAllowed),
        (operators[0], " ", ReasonMissing),
    ):
        with pytest.raises(refusal):
            decide_flag(actor, row.id, is_confirmed=True, reason=reason, at=at)
    assert (
        decide_flag(operators[0], row.id, is_confirmed=True, reason="one hand", at=at).state
        == "confirmed"
    )
    with pytest.raises(NotFound):
        decide_flag(operators[0], uuid7(), is_confirmed=True, reason="r", at=at)


def test_flags_are_for_operators_and_auditors(
    apply_for, look, operators, auditor, kim, nuri, contact
) -> None:
    for code in ("hana", "duri"):
        apply_for(code, 1_000_000)
        contact(code, address="같은 곳")
    look()
    row = Flag.objects.get()
    assert flag_for(auditor, row.id) == flag_for(operators[0], row.id) == row
    for actor in (kim, nuri):
        assert not flags_for(actor).exists()
        with pytest.raises(NotFound):
            flag_for(actor, row.id)
        with pytest.raises(NotAllowed):
            find_flags(actor, at=LONG_AGO)


def test_digests_see_alike_what_is_written_apart() -> None:
    assert account_digest("110-234-56") == account_digest("１１０ 23456")
    assert network_digest("203.0.113.7") == network_digest("203.0.113.200")
    assert network_digest("2001:db8::1") == network_digest("2001:db8::ffff")
    assert network_digest("203.0.113.7") != network_digest("203.0.114.7")
    assert account_digest("-") == network_digest("") == network_digest("nowhere") == ""


def test_people_may_judge_a_flag_anew(apply_for, look, operators, at, contact) -> None:
    for code in ("hana", "duri"):
        apply_for(code, 1_000_000)
        contact(code, address="같은 곳")
    look()
    row = Flag.objects.get()
    states = [
        decide_flag(operators[0], row.id, is_confirmed=word, reason="r", at=at).state
        for word in (True, False, True)
    ]
    assert states == ["confirmed", "cleared", "confirmed"]
