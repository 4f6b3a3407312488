"""Two people deciding in the same moment: one decision, one posting, and the books agree.

Goal: no step that moves money happens twice or half. Method: real threads on really committed
rows; each case does the same step at once by two different people and looks at what came of it.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from madang.core.errors import Refused
from madang.core.ids import uuid7
from madang.core.money import Ratio, microwon_from_won, price_from_won_each
from madang.core.units import Meter, Unit
from madang.ledger import queries as ledger
from madang.metering.charges.actions import refund_charge
from madang.metering.charges.collecting import collect_refund
from madang.metering.charges.models import Charge, SettledRefund
from madang.metering.charges.writing_off import (
    propose_write_off,
    revive_refund,
    write_off_refund,
)
from madang.metering.models import Payout, Receipt, Statement
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
)
from madang.metering.payouts.actions import (
    approve_payout,
    create_payouts,
    settle_payout,
    withdraw_payout,
)
from madang.metering.statements.actions import close_statement, confirm_statement
from madang.metering.usage.actions import record_usage
from madang.metering.vouchers.actions import close_voucher, expire_due
from madang.parties.documents.models import Document
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.awards.models import Award
from madang.programme.banking.actions import import_bank_file
from madang.programme.banking.models import BankLine, BankLink
from madang.programme.cases.actions import (
    Suspicion,
    call_hearing,
    hear_clawback,
    investigate_clawback,
    open_clawback,
)
from madang.programme.cases.collecting import collect_clawback
from madang.programme.cases.deciding import decide_clawback, demand_clawback
from madang.programme.cases.models import ClawbackCase, Ground
from madang.programme.copayments.actions import record_deposit
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.years.actions import declare_programme
from madang.programme.years.closing import begin_year_close
from madang.programme.years.models import ProgrammeYear
from madang.programme.years.treasury import record_interest

AT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
LATER = AT + timedelta(days=60)
WON = 1_000_000
WAIT_S_MAX = 60
FILE = (
    "account,reference,booked_at,amount_won,payer,memo\n"
    "1110,r-1,2026-03-09T10:15:00+09:00,5000,hana,v-hana\n"
)


class Stage:
    """A voucher, used, settled and paid; three people of the agency."""

    def __init__(self, system, year, ops) -> None:
        self.system, self.year, self.ops = system, year, ops
        supplier = declare_supplier(system, code="nuri", name_ko="n", name_en="n", at=AT).row
        offering = declare_offering(
            system, supplier, OfferingFacts("nuri/report", Meter.DELIVERY),
            through=Door.DECLARATION, at=AT,
        ).row  # fmt: skip
        price = Price(Unit.REQUEST, price_from_won_each("100000"), AT - timedelta(days=9))
        add_price(system, offering, price, at=AT)
        terms = GrantTerms(
            "v-hana", "api-voucher", "hana", microwon_from_won(4_000_000),
            microwon_from_won(2_000_000), date(2026, 12, 31), ("*",),
        )  # fmt: skip
        self.voucher = grant_directly(system, terms, at=AT).row
        self.charge = record_usage(
            system, self.voucher, offering, quantities=5, external_id="u", at=AT
        ).charge
        self.statement = close_statement(system, supplier, "2026-03", at=AT)
        confirm_statement(system, self.statement, at=AT)

    def pay(self) -> None:
        for payout in create_payouts(self.ops[0], self.statement, at=AT):
            approve_payout(self.ops[1], payout, at=AT)
            settle_payout(self.ops[0], payout, at=AT)

    def case(self, *, until: str) -> ClawbackCase:
        self.pay()
        award = Award.objects.get(voucher=self.voucher)
        suspicion = Suspicion(Ground.REQUIREMENT, 100_000 * WON)
        row = open_clawback(self.ops[0], award.id, suspicion, reason="r", at=AT)
        investigate_clawback(self.ops[0], row.id, reason="r", at=AT)
        call_hearing(self.ops[0], row.id, reason="r", at=AT)
        hear_clawback(self.ops[0], row.id, at=LATER)
        decide_clawback(
            self.ops[1], row.id, principal_microwon=100_000 * WON, reason="r", at=LATER
        )
        if until == "demand":
            demand_clawback(self.ops[2], row.id, at=LATER)
        return row


@pytest.fixture
def stage(committed_db, system, year, firm, person) -> Stage:
    firm("hana")
    ops = [person(f"op{n}@agency.example", None, "operator") for n in (1, 2, 3)]
    return Stage(system, year, ops)


def at_once(*works) -> list[Exception | None]:
    """Run works at the same time; what each raised, or None."""
    barrier, ends = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int) -> None:
        try:
            barrier.wait()
            works[place]()
        except Refused as err:
            ends[place] = err
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def journals(kind: str) -> int:
    return len(ledger.journals(kind=kind))


def payouts(stage: Stage):
    def make(n: int):
        return lambda: create_payouts(stage.ops[n], stage.statement, at=AT)

    return make, lambda: Payout.objects.count() == 2


def demand(stage: Stage):
    row = stage.case(until="decide")
    return (
        lambda n: lambda: demand_clawback(stage.ops[(0, 2)[n]], row.id, at=LATER),
        lambda: journals("P20") == 1,
    )


def collect(stage: Stage):
    row = stage.case(until="demand")
    return (
        lambda n: (
            lambda: collect_clawback(
                stage.ops[n],
                row.id,
                amount_microwon=150_000 * WON,
                reference=f"r-{n}",
                at=LATER,
            )
        ),
        lambda: journals("P21c") == 1,
    )  # 200,000 are owed: both together would be too much


def refund(stage: Stage):
    made = refund_charge(
        stage.ops[0], Charge.objects.get(), refund=UUID(int=7), at=AT, reason="r",
        amount_microwon=100_000 * WON,
    )  # fmt: skip
    assert isinstance(made, SettledRefund)
    return (
        lambda n: lambda: collect_refund(stage.ops[n], made, by="cash", at=AT),
        lambda: journals("P13b") == 1,
    )


def proposed(stage: Stage) -> SettledRefund:
    """A refund of 100,000 that the third operator wants to give up."""
    made = refund_charge(
        stage.ops[0], Charge.objects.get(), refund=UUID(int=7), at=AT, reason="r",
        amount_microwon=100_000 * WON,
    )  # fmt: skip
    assert isinstance(made, SettledRefund)
    stage.pay()
    paper = Document.objects.create(
        sha256="0" * 64, size_bytes=1, media_type="application/pdf", file_name="court.pdf",
        uploaded_at=AT,
    )  # fmt: skip
    return propose_write_off(
        stage.ops[2], made, ground="bankrupt", document=paper.id, reason="r", at=AT
    )


def write_off(stage: Stage):
    made = proposed(stage)
    return (
        lambda n: lambda: write_off_refund(stage.ops[n], made, at=AT),
        lambda: journals("P13w") == 1,
    )


def revive(stage: Stage):
    made = proposed(stage)
    write_off_refund(stage.ops[0], made, at=AT)
    return (
        lambda n: lambda: revive_refund(stage.ops[n], made, reason="it pays", at=AT),
        lambda: journals("P13r") == 1,
    )


def withdraw(stage: Stage):
    row = create_payouts(stage.ops[0], stage.statement, at=AT)[0]
    return (
        lambda n: lambda: withdraw_payout(stage.ops[n], row, reason="r", at=AT),
        lambda: Payout.objects.filter(state="withdrawn").count() == 1,
    )


def close(stage: Stage):
    stage.pay()
    end = datetime(2027, 1, 2, tzinfo=UTC)
    expire_due(stage.system, at=end)
    return (
        lambda n: lambda: close_voucher(stage.ops[n], stage.voucher, at=end),
        lambda: journals("P17") == 1,
    )


def end_year(stage: Stage):
    close_it, _ = close(stage)
    close_it(0)()
    end = datetime(2027, 1, 3, tzinfo=UTC)
    return (
        lambda n: lambda: begin_year_close(stage.ops[n], stage.year.id, at=end),
        lambda: journals("P18") == 1,
    )


ONE_WINS = [
    payouts, demand, collect, refund, write_off, revive, withdraw, close, end_year,
]  # fmt: skip


@pytest.mark.parametrize("prepare", ONE_WINS, ids=lambda one: one.__name__)
def test_step_is_taken_once_and_the_other_is_told_why(stage, prepare) -> None:
    make, is_once = prepare(stage)
    ends = at_once(make(0), make(1))
    assert sum(end is None for end in ends) == 1, ends
    assert is_once()
    assert [one for one in ledger.identities() if not one.ok] == []


def bank_file(stage: Stage):
    return (
        lambda n: lambda: import_bank_file(stage.ops[n], stage.year, FILE, at=AT),
        lambda: Receipt.objects.filter(reference="r-1").count() == 1,
    )


def bank_file_and_hand(stage: Stage):
    """The bank's own reference, typed by somebody while the file comes in."""
    award, payer = Award.objects.get(voucher=stage.voucher), stage.voucher.organisation.code
    received_at = datetime.fromisoformat("2026-03-09T10:15:00+09:00")
    typed = {"payer": payer, "amount_microwon": 5_000 * WON, "reference": "r-1"}

    def make(n: int):
        if n == 0:
            return lambda: import_bank_file(stage.ops[0], stage.year, FILE, at=LATER)
        return lambda: record_deposit(
            stage.ops[1], award.id, received_at=received_at, at=LATER, **typed
        )

    return make, lambda: Receipt.objects.filter(reference="r-1").count() == 1


def bank_files_of_two_years(stage: Stage):
    """A trust account is its programme's: a line comes in the files of both years."""
    years = [stage.year, next_year(stage)]
    text = FILE + "1110,r-2,2026-03-09T10:15:00+09:00,7000,,who\n"
    return (
        lambda n: lambda: import_bank_file(stage.ops[n], years[n], text, at=LATER),
        lambda: BankLine.objects.count() == BankLink.objects.count() == 2,
    )


def next_year(stage: Stage) -> ProgrammeYear:
    return declare_programme(
        stage.system, code="api-voucher", name_ko="n", name_en="n", year=2027,
        starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31), subsidy_ratio=Ratio(4, 5),
        vat_rate=Ratio(1, 10), budget_microwon=1_000_000 * WON, at=AT,
    ).row  # fmt: skip


def interest(stage: Stage):
    return (
        lambda n: (
            lambda: record_interest(
                stage.ops[0], stage.year.id, amount_microwon=WON, reference="i-1", at=AT
            )
        ),
        lambda: journals("P19") == 1,
    )


@pytest.mark.parametrize(
    "prepare",
    [bank_file, bank_file_and_hand, bank_files_of_two_years, interest],
    ids=lambda one: one.__name__,
)
def test_same_words_sent_at_once_are_answered_twice_and_booked_once(stage, prepare) -> None:
    make, is_once = prepare(stage)
    assert at_once(make(0), make(1)) == [None, None]
    assert is_once()
    assert Statement.objects.count() == 1
    assert [one for one in ledger.identities() if not one.ok] == []


def test_one_id_told_for_two_vouchers_at_once_is_one_use_and_the_other_is_told_why(
    stage,
) -> None:
    """The second waits on the first one's row, with another voucher's lock in its hand."""
    terms = GrantTerms(
        "v-two", "api-voucher", "hana", microwon_from_won(4_000_000),
        microwon_from_won(2_000_000), date(2026, 12, 31), ("*",),
    )  # fmt: skip
    other = grant_directly(stage.system, terms, at=AT).row
    offering = Charge.objects.get().usage.offering

    def use(voucher) -> None:
        record_usage(stage.system, voucher, offering, quantities=1, external_id="x", at=AT)

    assert one_waits(lambda: use(stage.voucher), lambda: use(other)) == [
        None, "usage.id.exists_with_different_voucher",
    ]  # fmt: skip
    assert Charge.objects.count() == 2
    assert [one for one in ledger.identities() if not one.ok] == []


def test_one_id_of_collections_of_two_vouchers_at_once_collects_one_of_them(stage) -> None:
    terms = GrantTerms(
        "v-two", "api-voucher", "hana", microwon_from_won(4_000_000),
        microwon_from_won(2_000_000), date(2026, 12, 31), ("*",),
    )  # fmt: skip
    other, first = grant_directly(stage.system, terms, at=AT).row, Charge.objects.get()
    offering = first.usage.offering
    second = record_usage(
        stage.system, other, offering, quantities=5, external_id="x", at=AT
    ).charge
    row = close_statement(stage.system, offering.supplier, "2026-03", at=AT)
    confirm_statement(stage.system, row, at=AT)
    owed = [
        refund_charge(
            stage.ops[0],
            charge,
            refund=uuid7(),
            at=AT,
            reason="r",
            amount_microwon=100_000 * WON,
        )
        for charge in (first, second)
    ]
    told = {"by": "cash", "at": AT, "amount_microwon": 10 * WON, "collection": uuid7()}
    assert one_waits(
        lambda: collect_refund(stage.ops[0], owed[0], **told),
        lambda: collect_refund(stage.ops[1], owed[1], **told),
    ) == [None, "charge.collection.exists_with_different_content"]
    assert journals("P13b") == 1
    assert [one for one in ledger.identities() if not one.ok] == []


@pytest.mark.parametrize("is_collected", [True, False])
def test_refund_is_collected_or_written_off_and_the_other_is_told_why(
    stage, is_collected
) -> None:
    made = proposed(stage)

    def collects() -> None:
        collect_refund(stage.ops[1], made, by="cash", at=AT)

    def gives_up() -> None:
        write_off_refund(stage.ops[0], made, at=AT)

    works = (collects, gives_up) if is_collected else (gives_up, collects)
    what = "collected" if is_collected else "written_off"
    assert one_waits(*works) == [None, f"charge.refund.{what}"]
    assert (journals("P13b"), journals("P13w")) == (int(is_collected), int(not is_collected))
    assert [one for one in ledger.identities() if not one.ok] == []


def test_payout_is_approved_or_withdrawn_never_both(stage) -> None:
    row = create_payouts(stage.ops[0], stage.statement, at=AT)[0]
    assert one_waits(
        lambda: withdraw_payout(stage.ops[0], row, reason="r", at=AT),
        lambda: approve_payout(stage.ops[1], row, at=AT),
    ) == [None, "parties.workflow.not_allowed_now"]
    assert journals("P12s") == 0
    assert [one for one in ledger.identities() if not one.ok] == []


def one_waits(first, second) -> list[str | None]:
    """Does the first, and ends its transaction when the second waits for it; the codes."""
    is_done, may_end = threading.Event(), threading.Event()

    def holds() -> None:
        with transaction.atomic():
            first()
            is_done.set()
            assert may_end.wait(WAIT_S_MAX)

    def waits() -> None:
        assert is_done.wait(WAIT_S_MAX)
        second()

    def watches() -> None:
        deadline = time.monotonic() + WAIT_S_MAX
        while not waiting() and time.monotonic() < deadline:
            pass
        may_end.set()

    return [end and end.code for end in at_once(holds, waits, watches)][:2]


def waiting() -> bool:
    """True when somebody waits for another's transaction to end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid'"
            " AND NOT granted)"
        )
        return bool(cursor.fetchone()[0])
