"""Random programmes through the public actions: predicted outcomes, identities after each step.

Goal: whatever people do between a decision and a voucher, money is where it must be. Method:
a seeded crowd decides, signs, declines, waits, pays too little or by the wrong hand; a small
model in won says beforehand what the ledger must show, and which step must be refused.
MADANG_PROGRAMMES says how many programmes, MADANG_APPLICATIONS how large each is.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import timedelta

import pytest

from madang.core.errors import Refused
from madang.ledger.queries import identities
from madang.metering.errors import DepositShort
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards import actions as awards
from madang.programme.awards.actions import decline_award, lapse_due
from madang.programme.calls.actions import archive_call
from madang.programme.copayments.actions import issue_voucher, record_deposit
from madang.programme.fulfilment.voucher import VoucherFulfilment
from madang.programme.models import Application, Award

PROGRAMMES = int(os.environ.get("MADANG_PROGRAMMES", "2"))
APPLICATIONS = int(os.environ.get("MADANG_APPLICATIONS", "8"))
FIRST_SEED = 8
"""In this one everything happens at least once; the planted faults are looked for in it."""
BUDGET_WON = 30_000_000
WON = 1_000_000


class Model:
    """What must be true, in won: the call's money is left, awarded, or in vouchers."""

    def __init__(self) -> None:
        self.awarded: dict[str, int] = {}
        self.issued: dict[str, int] = {}
        self.deposits = 0
        self.parked = 0
        self.owed_back = 0

    @property
    def left(self) -> int:
        return BUDGET_WON - sum(self.awarded.values()) - sum(self.issued.values())

    def assert_like(self, sums: dict[str, int]) -> None:
        assert [one for one in identities() if not one.ok] == []
        assert sums.get("B300", 0) == self.left
        assert sums.get("B310", 0) == sum(self.awarded.values())
        assert sums.get("B400", 0) == sum(self.issued.values())
        assert sums.get("2200", 0) == self.deposits
        assert sums.get("1120", 0) == self.parked
        assert sums.get("2600", 0) == self.owed_back

    def follow_promotions(self) -> None:
        """Whoever moved up: in order of rank, and only while the call can pay."""
        for award in Award.objects.filter(state="offered").order_by("application__rank"):
            self.awarded.setdefault(str(award.id), award.amount_microwon // WON)


EVENTS = (
    "given back",
    "given back with a deposit",
    "issued",
    "paid",
    "parked",
    "promoted",
    "short",
)


def deposit_won(award: Award) -> int:
    """Own part and VAT at 4/5 and 1/10, up to the won; computed apart from the code."""
    supply = award.amount_microwon * 5 // 4
    needed = supply - supply * 4 // 5 + supply // 10
    return -(-needed // WON)


class Crowd:
    """People who do one thing at a time to an award, as the dice fall."""

    def __init__(self, rng, operators, person, sums, sign_all, at) -> None:
        self.rng, self.operators, self.person = rng, operators, person
        self.sums, self.sign_all, self.at = sums, sign_all, at
        self.model = Model()
        self.ready: dict[str, int] = {}
        self.step = 0
        self.seen: Counter[str] = Counter()

    def ceo(self, award: Award):
        code = award.organisation.code
        return self.person(f"ceo@{code}.example", code, "beneficiary")

    def act(self) -> None:
        awards = list(Award.objects.filter(state__in=["offered", "agreed"]).order_by("id"))
        if not awards:
            return
        award = self.rng.choice(awards)
        self.step += 1
        first = self.sign if award.state == "offered" else self.pay
        then = self.sign if award.state == "offered" else self.issue
        (deed,) = self.rng.choices([first, then, self.decline, self.wait], [6, 3, 2, 1])
        deed(award)
        before = len(self.model.awarded)
        self.model.follow_promotions()
        self.seen["promoted"] += len(self.model.awarded) - before
        self.model.assert_like(self.sums())
        assert_nobody_was_jumped()

    def sign(self, award: Award) -> None:
        assert self.sign_all(award, self.at).state == "agreed"
        self.ready[str(award.id)] = 0

    def decline(self, award: Award) -> None:
        decline_award(self.ceo(award), award.id, reason="x", at=self.at)
        self.give_back(award)

    def wait(self, award: Award) -> None:
        """Nobody moves for a month: what is overdue lapses, and nothing else."""
        before = {str(row.id): row for row in Award.objects.exclude(state="issued")}
        self.at += timedelta(days=31)
        lapse_due(self.operators[0], at=self.at)
        for row in Award.objects.filter(state="lapsed"):
            if before[str(row.id)].state != "lapsed":
                self.give_back(row)

    def give_back(self, award: Award) -> None:
        del self.model.awarded[str(award.id)]
        returned = self.ready.pop(str(award.id), 0)
        self.seen["given back with a deposit" if returned else "given back"] += 1
        self.model.deposits -= returned
        self.model.owed_back += returned

    def pay(self, award: Award) -> None:
        needed = deposit_won(award)
        amount = self.rng.choice([needed, needed, max(needed // 2, 1)])
        payer = self.rng.choice([award.organisation.code] * 3 + [None])
        record_deposit(
            self.operators[0],
            award.id,
            payer=payer,
            amount_microwon=amount * WON,
            reference=f"bank-{self.step}",
            received_at=self.at,
            at=self.at,
        )
        self.seen["parked" if payer is None else "paid"] += 1
        if payer is None:
            self.model.parked += amount
        else:
            self.model.deposits += amount
            self.ready[str(award.id)] += amount

    def issue(self, award: Award) -> None:
        is_paid = self.ready[str(award.id)] >= deposit_won(award)
        self.seen["issued" if is_paid else "short"] += 1
        if not is_paid:
            with pytest.raises(DepositShort):
                issue_voucher(self.operators[1], award.id, at=self.at)
            return
        issue_voucher(self.operators[1], award.id, at=self.at)
        self.model.issued[str(award.id)] = self.model.awarded.pop(str(award.id))


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + PROGRAMMES))
def test_random_programme_ends_with_every_won_in_its_place(play, seed) -> None:
    seen = play(seed)
    if seed == FIRST_SEED:
        assert [event for event in EVENTS if not seen[event]] == []


@pytest.fixture
def play(call, apply_for, decide, operators, person, sums, sign_all):
    """One programme from its seed to its archive."""

    def run(seed: int) -> Counter[str]:
        rng = random.Random(seed)
        rows = {
            apply_for(f"firm{index}", rng.randrange(1, 12_000_000)): rng.randrange(20, 96)
            for index in range(APPLICATIONS)
        }
        crowd = Crowd(rng, operators, person, sums, sign_all, decide(call, rows))
        crowd.model.follow_promotions()
        crowd.model.assert_like(sums())
        for _ in range(APPLICATIONS * 4):
            crowd.act()
        archive_call(operators[0], call.id, at=crowd.at)
        found = sums()
        assert found.get("B300", 0) == 0
        assert found["B200"] == 70_000_000 + crowd.model.left
        return crowd.seen

    return run


def keep_the_award(*_, **__) -> None:
    """P4r is forgotten."""


def keep_the_deposit(self, actor, award, *, reason, at) -> None:
    """The voucher of a lapsed award is not cancelled, its deposit not owed back."""


def deliver_for_nothing(self, award) -> int:
    """The deposit is not asked for at issue."""
    return 0


def promote_anybody(actor, call, at):
    """The last of the reserve list moves up, whether or not the call can pay."""
    found = Application.objects.filter(call=call, state="reserve").order_by("-rank").first()
    if found is None or call.state != "decided":
        return None
    APPLICATION.move(found, "promote", actor, at=at)
    return awards.offer_award(actor, found, at=at)


FAULTS = [
    (awards.postings, "lapse_award", keep_the_award),
    (VoucherFulfilment, "withdraw", keep_the_deposit),
    (VoucherFulfilment, "deposit_required_microwon", deliver_for_nothing),
    (awards, "_promote", promote_anybody),
]


@pytest.mark.parametrize(
    ("place", "name", "fault"), FAULTS, ids=lambda v: getattr(v, "__name__", "")
)
def test_planted_fault_is_caught(play, monkeypatch, place, name, fault) -> None:
    """The crowd is worth something only if it notices."""
    monkeypatch.setattr(place, name, fault)
    with pytest.raises((AssertionError, Refused, pytest.fail.Exception)):
        play(FIRST_SEED)


def assert_nobody_was_jumped() -> None:
    """Who still waits ranks below everybody who was ever selected."""
    waiting = Application.objects.filter(state="reserve").values_list("rank", flat=True)
    chosen = Application.objects.filter(state="selected").values_list("rank", flat=True)
    assert max(chosen) < min(waiting, default=10**9)
