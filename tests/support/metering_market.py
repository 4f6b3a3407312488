"""A small market for tests: a programme with money, a supplier, products, vouchers.

Money comes in as it does in life: appropriation, grant, call, award (P1 to P4), deposit (P5),
issue (P6).
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from madang.core.ids import uuid7
from madang.core.money import (
    MICRO_PER_WON,
    Ratio,
    price_from_won_each,
    price_from_won_per_million,
)
from madang.core.units import Meter, Unit
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.types import Stamp
from madang.metering.deposits.actions import record_deposit
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
)
from madang.metering.offerings.models import Offering
from madang.metering.vouchers.actions import VoucherTerms, create_voucher, issue_voucher
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import terms_of
from madang.parties.actor import Actor, Role
from madang.parties.models import Organisation, Supplier
from madang.parties.organisations.actions import declare_organisation
from madang.parties.suppliers.actions import declare_supplier

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LONG_AGO = datetime(2025, 12, 31, 15, 0, tzinfo=UTC)
YEAR_START = datetime(2025, 12, 31, 15, tzinfo=UTC)
YEAR_END = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
BUDGET_WON = 100_000_000
OPERATOR = Actor("op-1", frozenset({Role.OPERATOR}))
OTHER_OPERATOR = Actor("op-2", frozenset({Role.OPERATOR}))


def won(amount: int) -> int:
    return amount * MICRO_PER_WON


class Market:
    """One programme of one year, and whatever a test asks for."""

    def __init__(self, budget_won: int = BUDGET_WON, *, unallocated_won: int = 1_000) -> None:
        self.year, self.programme, self.call = uuid7(), uuid7(), uuid7()
        self.references = 0
        with transaction.atomic():
            year = {"programme_year": self.year}
            amount, allotted = won(budget_won), won(budget_won - unallocated_won)
            postings.appropriate(self._stamp("appropriate"), amount=amount, **year)
            postings.receive_grant(self._stamp("grant"), amount=amount, **year)
            postings.open_call(self._stamp("call"), call=self.call, amount=allotted, **year)

    def _stamp(self, what: str) -> Stamp:
        return Stamp(f"test:{self.year}:{what}", "op-1", AT, "test", str(self.year))

    def organisation(self, code: str = "hana", kind: str = "sme") -> Organisation:
        return declare_organisation(
            OPERATOR, code=code, name_ko=code, name_en=code, kind=kind, at=AT
        ).row

    def supplier(self, code: str = "nuri") -> Supplier:
        return declare_supplier(OPERATOR, code=code, name_ko=code, name_en=code, at=AT).row

    def offering(
        self,
        code: str = "nuri/report",
        *,
        unit: Unit = Unit.REQUEST,
        won_each: str = "1800000",
        meter: Meter = Meter.DELIVERY,
    ) -> Offering:
        """A product with one unit."""
        supplier = self.supplier(code.partition("/")[0])
        made = declare_offering(
            OPERATOR, supplier, OfferingFacts(code, meter), through=Door.DECLARATION, at=AT
        )
        price = Price(unit, price_from_won_each(won_each), LONG_AGO)
        add_price(OPERATOR, made.row, price, at=AT)
        return made.row

    def model(
        self,
        code: str = "nuri/chat",
        *,
        token_in: str = "1400",
        token_out: str = "4200",
        upstream: str = "http://127.0.0.1:9/v1",
    ) -> Offering:
        """A product of meter "model" with prices per million tokens."""
        facts = OfferingFacts(
            code, Meter.MODEL, upstream=upstream, allow_private=True,
            context_tokens_max=2048, uses=("chat",), size_class="small",
        )  # fmt: skip
        supplier = self.supplier(code.partition("/")[0])
        made = declare_offering(OPERATOR, supplier, facts, through=Door.DECLARATION, at=AT)
        for unit, text in ((Unit.TOKEN_IN, token_in), (Unit.TOKEN_OUT, token_out)):
            price = Price(unit, price_from_won_per_million(text), LONG_AGO)
            add_price(OPERATOR, made.row, price, at=AT)
        return made.row

    def voucher(
        self,
        code: str = "v-hana",
        *,
        subsidy_won: int = 4_000_000,
        deposit_won: int = 2_000_000,
        ratio: str = "7/10",
        vat: str = "1/10",
        organisation: str = "hana",
        offerings: tuple[str, ...] = ("nuri/*",),
        expires_at: datetime = YEAR_END,
        is_issued: bool = True,
        starts_at: datetime | None = YEAR_START,
    ) -> Voucher:
        """A direct voucher: any deposit, no guard."""
        award = uuid7()
        terms = VoucherTerms(
            code, self.organisation(organisation), self.programme, self.year, "api-voucher",
            Ratio.parse(ratio), Ratio.parse(vat), expires_at, offerings, award,
            starts_at,
        )  # fmt: skip
        with transaction.atomic():
            voucher = create_voucher(OPERATOR, terms, at=AT)
            if deposit_won:
                self.deposit(voucher, deposit_won)
            if is_issued:
                self.issue(voucher, award, subsidy_won)
        voucher.refresh_from_db()
        return voucher

    def issue(self, voucher: Voucher, award: UUID, subsidy_won: int) -> None:
        postings.award(
            Stamp(f"award:{award}", "op-1", AT, "award", str(award)),
            programme_year=self.year, call=self.call, award=award, amount=won(subsidy_won),
        )  # fmt: skip
        issue_voucher(
            OPERATOR, voucher, award=award, amount_microwon=won(subsidy_won),
            deposit_required_microwon=0, at=AT,
        )  # fmt: skip

    def deposit(self, voucher: Voucher, amount_won: int):
        self.references += 1
        return record_deposit(
            OPERATOR, voucher, payer=voucher.organisation, amount_microwon=won(amount_won),
            reference=f"bank-{self.year}-{self.references}", received_at=AT, at=AT,
        )  # fmt: skip


def position(voucher: Voucher, at: datetime = AT):
    voucher.refresh_from_db()
    return ledger.position(terms_of(voucher, at))


def balance(code: str) -> int:
    """One code over all dimensions, on its normal side."""
    lines = ledger.trial_balance().accounts
    return sum(line.net for line in lines if line.code == code)
