"""A small programme to try single postings on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from madang.core.money import Ratio
from madang.ledger import postings
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.types import Held, PayoutOrder, Quota, Stamp, Terms

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WON = 1_000_000


class World:
    """One programme-year with money, one voucher with a deposit, one supplier."""

    def __init__(
        self,
        into=POSTGRES,
        *,
        ratio: str = "7/10",
        limit_won: int = 4_000_000,
        deposit_won: int = 2_000_000,
        budget_won: int = 10_000_000,
    ) -> None:
        self.into = into
        self.year, self.programme, self.call, self.award, self.supplier = (
            uuid4() for _ in range(5)
        )
        self.organisation = uuid4()
        self.terms = Terms(
            uuid4(), self.year, self.programme, Ratio.parse(ratio), Ratio.parse("1/10")
        )
        self.quota = Quota(uuid4(), "gpu_second", self.year)
        self.limit = limit_won * WON
        self.post("appropriate", programme_year=self.year, amount=budget_won * WON)
        self.post("receive_grant", programme_year=self.year, amount=budget_won * WON)
        self.post(
            "open_call", programme_year=self.year, call=self.call, amount=budget_won * WON
        )
        if limit_won:
            self.post(
                "award",
                programme_year=self.year,
                call=self.call,
                award=self.award,
                amount=self.limit,
            )
        if deposit_won:
            self.post("deposit", self.terms, amount=deposit_won * WON)
        if limit_won:
            self.post("issue", self.terms, award=self.award, amount=self.limit)

    @property
    def ended(self) -> Terms:
        return replace(self.terms, active=False)

    def stamp(self, id: str = "", **changed: str) -> Stamp:
        return replace(Stamp(id or str(uuid4()), "person:1", AT, "test", "1"), **changed)

    def post(self, name: str, *args: object, stamp: Stamp | None = None, **kwargs: object):
        """Any posting by its name."""
        return getattr(postings, name)(stamp or self.stamp(), *args, **kwargs, into=self.into)

    def hold(self, amount: int, *, stamp: Stamp | None = None, hold_id: UUID | None = None):
        held = self.post(
            "hold",
            self.terms,
            supplier=self.supplier,
            hold_id=hold_id or uuid4(),
            amount=amount,
            expires_at=AT + timedelta(hours=1),
            stamp=stamp,
        )
        assert isinstance(held, Held)
        return held

    def lease(self, amount: int) -> UUID:
        """An open lease."""
        hold_id = uuid4()
        self.hold(amount, hold_id=hold_id)
        return hold_id

    def capture(self, hold_id: UUID, amount: int, *, stamp: Stamp | None = None):
        return self.post(
            "capture",
            self.terms,
            supplier=self.supplier,
            hold_id=hold_id,
            amount=amount,
            stamp=stamp,
        )

    def settle(self, amount: int) -> None:
        """Capture an amount and put it on a statement."""
        self.capture(self.lease(amount), amount)
        self.post("freeze_statement", self.terms, supplier=self.supplier)

    def payout(self, subsidy: int, own: int) -> PayoutOrder:
        return PayoutOrder(uuid4(), self.supplier, self.year, self.programme, subsidy, own)
