"""Random programmes: steps that must succeed, steps that must be refused, and how.

Before each step the oracle says what must happen. An unexpected refusal is a failure, and so
is an unexpected success. After each step every account is compared with the oracle's formula,
and every identity is checked. The choices depend on the seed alone, so the same programme can
be run over memory and over PostgreSQL.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from ledger_support.closing import ClosingSteps
from ledger_support.later import LaterSteps
from ledger_support.memory import MemoryJournals
from ledger_support.oracle import WON, Books, CaseFacts, QuotaFacts, VoucherFacts, whole
from madang.core.money import Ratio
from madang.ledger import errors, postings
from madang.ledger.types import (
    CaptureOrder,
    Parts,
    PayoutOrder,
    Quota,
    Stamp,
    Terms,
)

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RATIOS = ("7/10", "4/5", "1/2", "1/1", "2/3", "1/3", "9/10", "19/20")
RATES = ("1/10", "1/10", "1/10", "0/1", "1/7")
Refusals = tuple[type[errors.LedgerRefused | errors.ExistsWithDifferent], ...]


class Wrong(AssertionError):
    """The ledger did something else than the oracle said."""


@dataclass
class Payout:
    order: PayoutOrder
    state: str = "sent"


class Programme(LaterSteps, ClosingSteps):
    """One random programme over one place for journals."""

    def __init__(self, seed: int, into) -> None:
        self.seed = seed
        self.into = into
        self.rng = random.Random(seed)
        self.dice_of_losses = random.Random(f"{seed}:losses")
        self.books = Books()
        self.programme = self.uuid()
        self.years = [self.uuid() for _ in range(self.rng.choice((1, 1, 2)))]
        self.suppliers = [self.uuid() for _ in range(self.rng.choice((1, 2, 2, 3)))]
        self.organisation = self.uuid()
        self.terms: dict[UUID, Terms] = {}
        self.award_of: dict[UUID, UUID] = {}
        self.calls: dict[UUID, UUID] = {}
        self.awards: dict[UUID, UUID] = {}  # milestone awards and their year
        self.payouts: list[Payout] = []
        self.held_payouts: list[PayoutOrder] = []
        self.cases: dict[UUID, CaseFacts] = {}
        self.receipts: dict[UUID, int] = {}
        self.quotas: dict[Quota, QuotaFacts] = {}
        self.closed_leases: list[tuple[UUID, UUID, UUID]] = []
        self.replays: list[tuple[Callable, object]] = []
        self.correctable: list[tuple[UUID, UUID, Callable[[], bool], Callable[[], None]]] = []
        self.corrected: list[tuple[UUID, UUID]] = []
        self.uncorrectable: list[tuple[UUID, UUID]] = []
        self.year_end: dict[UUID, int] = {}
        self.log: list[str] = []
        self._stamps = 0
        self.set_up()

    # --- small things ------------------------------------------------------------------

    def uuid(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def stamp(self) -> Stamp:
        self._stamps += 1
        name = f"s{self.seed}-{self._stamps}"
        return Stamp(name, "person:1", AT + timedelta(seconds=self._stamps), "test", "1")

    def add(self, code: str, amount: int, **dimensions: UUID | str) -> None:
        """Count an amount on an account that no formula covers."""
        key = "|".join((code, *(f"{n}={dimensions[n]}" for n in sorted(dimensions))))
        self.books.plain[key] += amount

    def have(self, code: str, **dimensions: UUID | str) -> int:
        key = "|".join((code, *(f"{n}={dimensions[n]}" for n in sorted(dimensions))))
        return self.books.plain[key]

    def amount(self, limit: int) -> int:
        """Mostly odd and small, sometimes whole, sometimes at the limit or just beyond."""
        rng = self.rng
        pick = rng.random()
        if pick < 0.25:
            return rng.randint(1, 30)
        if pick < 0.55:
            return rng.randint(1, 3 * WON)
        if pick < 0.75:
            return rng.randint(1, 400) * WON + rng.randint(0, WON - 1)
        if pick < 0.85:
            return max(1, limit)
        if pick < 0.9:
            return max(1, limit + rng.randint(1, 3))
        return max(1, rng.randint(1, max(2, limit)))

    def won(self, limit: int) -> int:
        """Whole won, sometimes beyond the limit."""
        most = max(1, limit // WON)
        if self.rng.random() < 0.25:
            return most * WON
        return self.rng.randint(1, most + (self.rng.random() < 0.15)) * WON

    def attempt(self, name: str, call: Callable, refusals: Refusals, **facts: object):
        """Run one posting and hold it to the oracle's word. None when it was refused."""
        self.log.append(f"{name} {facts} expecting {[r.__name__ for r in refusals] or 'yes'}")
        try:
            result = call()
        except errors.Refused as refusal:
            if type(refusal) not in refusals:
                raise Wrong(f"{name} was refused: {refusal}") from refusal
            return None
        if refusals:
            raise Wrong(f"{name} was not refused: {[r.__name__ for r in refusals]}")
        self.replays.append((call, result))
        return result

    def expect(self, what: str, left: object, right: object) -> None:
        if left != right:
            raise Wrong(f"{what}: the ledger says {left}, the oracle {right}")

    def pick(self, items: Iterable):
        listed = list(items)
        return self.rng.choice(listed) if listed else None

    # --- the start of a programme ----------------------------------------------------------

    def set_up(self) -> None:
        for year in self.years:
            self.fund(year)
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            self.new_voucher(self.rng.choice(self.years))
        for _ in range(self.rng.choice((0, 1))):
            self.new_milestone_award(self.rng.choice(self.years))
        if self.rng.random() < 0.5:
            year = self.rng.choice(self.years)
            quota = Quota(self.uuid(), "gpu_second", year)
            self.quotas[quota] = QuotaFacts()
            self.grant_quota()

    def fund(self, year: UUID) -> None:
        budget = self.rng.randint(2_000, 9_000) * WON
        first = self.rng.randint(1, budget // WON - 1) * WON
        into = self.into
        self.attempt(
            "appropriate",
            self.bind(postings.appropriate, programme_year=year, amount=budget),
            (),
        )
        for cash in (first, budget - first):
            self.attempt(
                "receive_grant",
                self.bind(postings.receive_grant, programme_year=year, amount=cash),
                (),
            )
            self.books.grant[year] += cash
            self.add("1100", cash, programme_year=year)
        self.add("B100", budget, programme_year=year)
        self.add("B200", budget, programme_year=year)
        call = self.calls[year] = self.uuid()
        share = budget * 3 // 4
        self.attempt(
            "open_call",
            self.bind(postings.open_call, programme_year=year, call=call, amount=share),
            (),
        )
        self.attempt(
            "open_call beyond",
            self.bind(postings.open_call, programme_year=year, call=call, amount=budget),
            (errors.Overdrawn,),
        )
        self.add("B200", -share, programme_year=year)
        self.add("B300", share, call=call)
        assert into is self.into

    def bind(self, posting: Callable, *args: object, **kwargs: object) -> Callable:
        """A call that can be made again with the same stamp."""
        stamp = self.stamp()

        def call(**changed: object):
            return posting(stamp, *args, **{**kwargs, **changed}, into=self.into)

        call.amount = kwargs.get("amount")
        return call

    def new_award(self, year: UUID, amount: int) -> UUID | None:
        award, call = self.uuid(), self.calls[year]
        left = self.have("B300", call=call)
        done = self.attempt(
            "award",
            self.bind(
                postings.award, programme_year=year, call=call, award=award, amount=amount
            ),
            () if amount <= left else (errors.Overdrawn,),
        )
        if done is None:
            return None
        self.add("B300", -amount, call=call)
        self.add("B310", amount, award=award)
        return award

    def new_voucher(self, year: UUID) -> None:
        rng = self.rng
        ratio, vat = Ratio.parse(rng.choice(RATIOS)), Ratio.parse(rng.choice(RATES))
        voucher = self.uuid()
        terms = Terms(voucher, year, self.programme, ratio, vat)
        limit = rng.randint(3, 600) * WON
        award = self.new_award(year, limit)
        if award is None:
            return
        self.terms[voucher], self.award_of[voucher] = terms, award
        facts = VoucherFacts(voucher, year, ratio.as_fraction(), vat.as_fraction())
        self.books.vouchers[voucher] = facts
        needed = self.deposit_needed(facts, limit)
        self.deposit(voucher, max(WON, needed * rng.choice((1, 1, 2)) // rng.choice((1, 1, 2))))
        first = limit if rng.random() < 0.6 else limit // (2 * WON) * WON or WON
        self.issue(voucher, first)

    @staticmethod
    def deposit_needed(facts: VoucherFacts, tranche: int) -> int:
        supply = int(Fraction(tranche) / facts.ratio)
        _, own, vat = facts.cut(supply)
        return -(-(own + vat) // WON) * WON

    def new_milestone_award(self, year: UUID) -> None:
        award = self.new_award(year, self.rng.randint(2, 200) * WON)
        if award is not None:
            self.awards[award] = year

    # --- one step ----------------------------------------------------------------------

    STEPS = (
        ("hold", 16), ("capture", 22), ("capture_batch", 4), ("resolve", 9), ("refund", 8),
        ("freeze", 8), ("send_payout", 5), ("settle_payout", 6), ("hold_payout", 1),
        ("release_payout", 1), ("agree_refund", 4), ("collect_refund", 4), ("expire", 1),
        ("return_unused", 1), ("issue_more", 2), ("more_deposit", 2), ("unidentified", 2),
        ("match_receipt", 1), ("return_receipt", 1), ("deposit_out", 1), ("interest", 1),
        ("clawback", 2), ("clawback_flow", 4), ("in_kind", 2), ("correct", 2),
        ("milestone", 1), ("bear", 2), ("freeze_borne", 2), ("dispute", 2), ("lapse", 1),
        ("use_quota", 8), ("replay", 4), ("stale_hold", 2), ("release_residue", 1),
        ("late_hold", 1),
    )  # fmt: skip

    def step(self) -> None:
        """One random event. Every one may find nothing to do."""
        names = [name for name, _ in self.STEPS]
        weights = [weight for _, weight in self.STEPS]
        name = self.rng.choices(names, weights)[0]
        getattr(self, name)()
        self.lose_and_find()

    def lose_and_find(self) -> None:
        """Some claims are given up and some of those come back, some payouts bounce: rare ones,
        so they have dice of their own and are tried at every step."""
        own, self.rng = self.rng, self.dice_of_losses
        if self.rng.random() < 0.05:
            self.bounce_payout()
        for step in (self.write_off_refund, self.revive_refund):
            if self.rng.random() < 0.25:
                step()
        self.rng = own

    def a_voucher(self) -> UUID | None:
        return self.pick(self.terms)

    def of(self, voucher: UUID) -> VoucherFacts:
        return self.books.vouchers[voucher]

    def leases(self) -> list[tuple[UUID, UUID, UUID]]:
        return [
            (voucher, supplier, hold)
            for voucher, facts in self.books.vouchers.items()
            for supplier, pair in facts.pairs.items()
            for hold in pair.leased
        ]

    def deposit(self, voucher: UUID, amount: int) -> None:
        amount = max(WON, whole(amount))
        terms = self.terms[voucher]
        done = self.attempt("deposit", self.bind(postings.deposit, terms, amount=amount), ())
        facts = self.of(voucher)
        facts.paid += amount
        self.add("1110", amount, programme=self.programme)

        def undo() -> None:
            facts.paid -= amount
            self.add("1110", -amount, programme=self.programme)

        self.correctable.append(
            (done.journal, terms.programme_year, lambda: facts.deposit >= amount, undo)
        )

    def more_deposit(self) -> None:
        if voucher := self.a_voucher():
            self.deposit(voucher, self.rng.randint(1, 300) * WON)

    def issue(self, voucher: UUID, amount: int) -> None:
        facts, terms, award = self.of(voucher), self.terms[voucher], self.award_of[voucher]
        required = self.rng.choice((0, 0, self.deposit_needed(facts, amount)))
        refusals: Refusals = ()
        if facts.ended:
            refusals = (errors.VoucherExpired,)
        elif facts.deposit < required:
            refusals = (errors.DepositInsufficient,)
        elif amount > self.have("B310", award=award):
            refusals = (errors.Overdrawn,)
        done = self.attempt(
            "issue",
            self.bind(
                postings.issue, terms, award=award, amount=amount, deposit_required=required
            ),
            refusals,
        )
        if done:
            facts.issued += amount
            self.add("B310", -amount, award=award)

    def issue_more(self) -> None:
        if voucher := self.a_voucher():
            left = self.have("B310", award=self.award_of[voucher])
            self.issue(voucher, self.won(left))

    # --- leases --------------------------------------------------------------------------

    def hold(self) -> None:
        voucher = self.a_voucher()
        if voucher is None:
            return
        facts, terms = self.of(voucher), self.terms[voucher]
        supplier = self.rng.choice(self.suppliers)
        pair = facts.pairs[supplier]
        amount = self.amount(self.spendable(facts))
        subsidy, own, vat = facts.between(pair.promised, pair.promised + amount)
        refusals: Refusals = ()
        if facts.ended:
            refusals = (errors.HoldInactive,)
        elif subsidy > facts.available or own + vat > facts.deposit:
            refusals = (errors.Overdrawn,)
        hold = self.uuid()
        done = self.attempt(
            "hold",
            self.bind(
                postings.hold, terms, supplier=supplier, hold_id=hold, amount=amount,
                expires_at=AT + timedelta(hours=1),
            ),
            refusals, amount=amount,
        )  # fmt: skip
        if done:
            self.expect("held parts", done.parts, Parts(subsidy, own, vat))
            pair.leased[hold] = amount
            self.uncorrectable.append((done.posted.journal, terms.programme_year))

    @staticmethod
    def spendable(facts: VoucherFacts) -> int:
        limits = [int(Fraction(facts.available) / facts.ratio)]
        burden = 1 - facts.ratio + facts.vat
        if burden:
            limits.append(int(facts.deposit / burden))
        return max(min(limits), 0)

    def late_hold(self) -> None:
        """A caller that believes an ended voucher to be alive, or the other way round."""
        voucher = self.a_voucher()
        if voucher is None:
            return
        terms = replace(self.terms[voucher], active=False)
        self.attempt(
            "hold on an inactive voucher",
            self.bind(
                postings.hold, terms, supplier=self.suppliers[0], hold_id=self.uuid(),
                amount=1, expires_at=AT,
            ),
            (errors.HoldInactive,),
        )  # fmt: skip
        other = replace(self.terms[voucher], vat=Ratio(1, 3))
        self.attempt(
            "hold under other terms",
            self.bind(
                postings.hold, other, supplier=self.suppliers[0], hold_id=self.uuid(),
                amount=1, expires_at=AT,
            ),
            (errors.TermsChanged,),
        )  # fmt: skip

    def capture(self) -> None:
        lease = self.pick(self.leases())
        if lease is None:
            return
        voucher, supplier, hold = lease
        left = self.of(voucher).pairs[supplier].leased[hold]
        amount = self.amount(left) if self.rng.random() < 0.5 else self.rng.randint(0, left)
        done = self.attempt(
            "capture",
            self.bind(
                postings.capture, self.terms[voucher], supplier=supplier, hold_id=hold,
                amount=amount,
            ),
            (errors.HoldExceeded,) if amount > left else (), amount=amount, left=left,
        )  # fmt: skip
        if done:
            self.captured(voucher, supplier, hold, amount, done.parts)

    def captured(
        self, voucher: UUID, supplier: UUID, hold: UUID, amount: int, parts: Parts
    ) -> None:
        facts = self.of(voucher)
        pair = facts.pairs[supplier]
        wanted = facts.between(pair.captured, pair.captured + amount)
        self.expect("captured parts", parts, Parts(*wanted))
        pair.captured += amount
        pair.leased[hold] -= amount

    def capture_batch(self) -> None:
        leases = self.leases()
        if not leases:
            return
        left = {h: self.of(v).pairs[s].leased[h] for v, s, h in leases}
        orders = []
        for _ in range(self.rng.randint(1, 5)):
            voucher, supplier, hold = self.rng.choice(leases)
            amount = self.rng.randint(0, left[hold])
            left[hold] -= amount
            terms = self.terms[voucher]
            orders.append(CaptureOrder(self.stamp(), terms, supplier, hold, amount))
        beyond = self.rng.random() < 0.1
        if beyond:
            last = orders[-1]
            orders[-1] = replace(last, amount=last.amount + left[last.hold_id] + 1)
        done = self.attempt(
            "capture_many",
            lambda: postings.capture_many(orders, into=self.into),
            (errors.HoldExceeded,) if beyond else (),
        )
        self.replays[:] = self.replays[:-1] if done else self.replays
        for order, result in zip(orders, done or (), strict=bool(done)):
            self.captured(
                order.terms.voucher, order.supplier, order.hold_id, order.amount, result.parts
            )

    def resolve(self) -> None:
        lease = self.pick(self.leases())
        if lease is None:
            return
        self.resolve_lease(*lease, self.rng.choice(("void", "expire")))

    def resolve_lease(self, voucher: UUID, supplier: UUID, hold: UUID, kind: str) -> None:
        facts = self.of(voucher)
        pair = facts.pairs[supplier]
        left = pair.leased[hold]
        wanted = facts.between(pair.promised - left, pair.promised)
        done = self.attempt(
            "resolve",
            self.bind(postings.resolve, self.terms[voucher], hold_id=hold, kind=kind),
            (), left=left,
        )  # fmt: skip
        self.expect("returned parts", done.parts, Parts(*wanted))
        del pair.leased[hold]
        self.closed_leases.append((voucher, supplier, hold))

    def stale_hold(self) -> None:
        """Captures and resolutions that come too late, or for somebody else's lease."""
        closed = self.pick(self.closed_leases)
        if closed is not None:
            voucher, supplier, hold = closed
            terms = self.terms[voucher]
            capture = self.bind(
                postings.capture, terms, supplier=supplier, hold_id=hold, amount=1
            )
            self.attempt("capture after the end", capture, (errors.HoldResolved,))
            again = self.bind(postings.resolve, terms, hold_id=hold, kind="void")
            self.attempt("resolve again", again, (errors.HoldResolved,))
        lease = self.pick(self.leases())
        if lease is not None:
            voucher, _, hold = lease
            foreign = self.bind(
                postings.capture, self.terms[voucher], supplier=self.uuid(), hold_id=hold,
                amount=1,
            )  # fmt: skip
            self.attempt("capture of another", foreign, (errors.HoldOfAnother,))
            unknown = self.bind(
                postings.resolve, self.terms[voucher], hold_id=self.uuid(), kind="void"
            )
            self.attempt("resolve nothing", unknown, (errors.HoldUnknown,))

    def refund(self) -> None:
        voucher = self.a_voucher()
        if voucher is None:
            return
        facts = self.of(voucher)
        supplier = self.rng.choice(self.suppliers)
        pair = facts.pairs[supplier]
        most = pair.captured - pair.stated_at
        if not most and self.rng.random() < 0.8:
            return
        amount = (
            self.amount(most) if self.rng.random() < 0.3 else self.rng.randint(1, most or 1)
        )
        wanted = facts.between(pair.captured - amount, pair.captured)
        done = self.attempt(
            "refund",
            self.bind(postings.refund, self.terms[voucher], supplier=supplier, amount=amount),
            (errors.RefundExceeded,) if amount > most else (),
        )
        if done:
            self.expect("refunded parts", done.parts, Parts(*wanted))
            pair.captured -= amount

    # --- statements and payouts --------------------------------------------------------------

    def freeze(self) -> None:
        voucher = self.a_voucher()
        if voucher is not None:
            self.freeze_pair(voucher, self.rng.choice(self.suppliers))

    def freeze_pair(self, voucher: UUID, supplier: UUID) -> None:
        facts = self.of(voucher)
        pair = facts.pairs[supplier]
        before, wanted = facts.accrued(supplier), facts.statement(supplier)
        done = self.attempt(
            "freeze_statement",
            self.bind(postings.freeze_statement, self.terms[voucher], supplier=supplier),
            (),
        )
        self.expect("statement", done.parts, Parts(*wanted))
        left = tuple(a - b for a, b in zip(before, wanted, strict=True))
        self.expect("carried", done.carried, Parts(*left))
        self.expect("a journal", done.posted.journal is not None, any(wanted))
        if any(wanted):
            pair.stated.append(wanted)
            pair.stated_at = pair.captured
            self.books.payable[supplier, facts.year] += wanted[0]
            self.books.payable_own[supplier] += wanted[1] + wanted[2]

    def send_payout(self) -> None:
        supplier, year = self.rng.choice(self.suppliers), self.rng.choice(self.years)
        self.pay(supplier, year, self.rng.random() < 0.2)

    def pay(self, supplier: UUID, year: UUID, beyond: bool = False) -> None:
        subsidy = self.books.payable[supplier, year]
        own = self.books.payable_own[supplier]
        whole_subsidy = sum(
            amount for (s, _), amount in self.books.payable.items() if s == supplier
        )
        if not subsidy + own:
            return
        extra = WON if beyond else 0
        order = PayoutOrder(self.uuid(), supplier, year, self.programme, subsidy, own + extra)
        assert whole_subsidy >= subsidy
        done = self.attempt(
            "send_payout",
            self.bind(postings.send_payout, order),
            (errors.Overdrawn,) if beyond else (),
        )
        if done:
            self.books.payable[supplier, year] -= subsidy
            self.books.payable_own[supplier] -= own
            self.add("2320S", subsidy, payout=order.payout)
            self.add("2320C", own, payout=order.payout)
            self.payouts.append(Payout(order))

    def settle_payout(self) -> None:
        payout = self.pick(p for p in self.payouts if p.state == "sent")
        if payout is not None:
            self.finish_payout(payout, "fail" if self.rng.random() < 0.3 else "confirm")

    def finish_payout(self, payout: Payout, how: str) -> None:
        order = payout.order
        posting = postings.fail_payout if how == "fail" else postings.confirm_payout
        self.attempt(f"{how}_payout", self.bind(posting, order), ())
        again = self.bind(postings.confirm_payout, order)
        payout.state = how
        self.add("2320S", -order.subsidy, payout=order.payout)
        self.add("2320C", -order.own, payout=order.payout)
        if how == "fail":
            self.books.payable[order.supplier, order.programme_year] += order.subsidy
            self.books.payable_own[order.supplier] += order.own
        else:
            self.add("1100", -order.subsidy, programme_year=order.programme_year)
            self.add("1110", -order.own, programme=self.programme)
        self.attempt("confirm a finished payout", again, (errors.Overdrawn,))

    def bounce_payout(self) -> None:
        """The bank had paid, and the money came back: payable again."""
        payout = self.pick(p for p in self.payouts if p.state == "confirm")
        if payout is None:
            return
        order = payout.order
        self.attempt("bounce_payout", self.bind(postings.bounce_payout, order), ())
        payout.state = "bounced"
        self.add("1100", order.subsidy, programme_year=order.programme_year)
        self.add("1110", order.own, programme=self.programme)
        self.books.payable[order.supplier, order.programme_year] += order.subsidy
        self.books.payable_own[order.supplier] += order.own

    def hold_payout(self) -> None:
        supplier, year = self.rng.choice(self.suppliers), self.rng.choice(self.years)
        subsidy = self.books.payable[supplier, year]
        own = self.books.payable_own[supplier]
        if not subsidy + own:
            return
        case = self.uuid()
        self.attempt(
            "hold_payout",
            self.bind(
                postings.hold_payout, programme_year=year, supplier=supplier, case=case,
                subsidy=subsidy, own=own,
            ),
            (),
        )  # fmt: skip
        self.books.payable[supplier, year] -= subsidy
        self.books.payable_own[supplier] -= own
        self.add("2330S", subsidy, case=case, supplier=supplier)
        self.add("2330C", own, case=case, supplier=supplier)
        self.held_payouts.append(PayoutOrder(case, supplier, year, case, subsidy, own))

    def release_payout(self) -> None:
        if not self.held_payouts:
            return
        held = self.held_payouts.pop(self.rng.randrange(len(self.held_payouts)))
        self.attempt(
            "release_payout",
            self.bind(
                postings.release_payout, programme_year=held.programme_year,
                supplier=held.supplier, case=held.payout, subsidy=held.subsidy, own=held.own,
            ),
            (),
        )  # fmt: skip
        self.books.payable[held.supplier, held.programme_year] += held.subsidy
        self.books.payable_own[held.supplier] += held.own
        self.add("2330S", -held.subsidy, case=held.payout, supplier=held.supplier)
        self.add("2330C", -held.own, case=held.payout, supplier=held.supplier)


def run(seed: int, into, view: Callable[[], tuple[dict[str, int], object]], steps: int = 80):
    """A whole programme, checked after every step; the seed is in every failure.

    `view` shows the balances and the picture of the place that `into` writes to.
    """
    programme = None
    try:
        programme = Programme(seed, into)
        programme.check(*view())
        for _ in range(steps):
            programme.step()
            programme.check(*view())
        programme.close()
        programme.check(*view())
        programme.check_end()
        programme.redeliver()
        programme.check(*view())
    except Exception as err:
        last = programme.log[-3:] if programme else []
        raise Wrong(f"seed {seed}: {err!r} after {last}") from err
    return programme


def run_in_memory(seed: int, steps: int = 80) -> Programme:
    """The same over a ledger in memory."""
    journals = MemoryJournals()

    def view():
        totals = {key: journals.balance(key) for key in journals.totals()}
        return totals, journals.picture()

    return run(seed, journals, view, steps)
