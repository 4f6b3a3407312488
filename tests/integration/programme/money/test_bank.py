"""The bank's file: deposits, confirmations, what is parked; bank against ledger."""

from __future__ import annotations

from datetime import date, datetime
from itertools import cycle
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.integration.programme.money.conftest import sign

from madang.metering.models import Receipt, Voucher
from madang.programme.banking.actions import BATCH_LINES
from madang.programme.banking.queries import unlinked_movements
from madang.programme.banking.reading import read_lines
from madang.programme.errors import BankFileInvalid
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.models import ProgrammeYear

WON = 1_000_000
HEAD = "account,reference,booked_at,amount_won,payer,memo\n"
HANA, DURI = "101-81-00001", "101-81-00002"
PLACE = {"programme": "api-voucher", "year": 2026}


@pytest.fixture
def bank(town):
    """Import lines: `bank("1110,r-1,…")`; the answer."""

    def make(*lines: str):
        return town.op1.post("/bank/imports", text=HEAD + "\n".join(lines), **PLACE)

    return make


def line(reference: str, won: int, payer: str = "", memo: str = "", **more: str) -> str:
    account = more.get("account", "1110")
    booked_at = more.get("booked_at", "2026-03-09T10:15:00+09:00")
    return f"{account},{reference},{booked_at},{won},{payer},{memo}"


def reconciled(town, account: str, programme: str = "api-voucher") -> dict:
    found = town.auditor.get(
        f"/bank/reconciliation?programme={programme}&year=2026&account={account}"
    )
    assert found["unexplained_microwon"] == 0
    return found


def test_deposit_finds_its_voucher_and_counts_once(town, granted, bank) -> None:
    granted()
    text = line("r-1", 500_000, HANA, "own part v-hana")
    assert bank(text)["outcomes"] == {"deposit": 1}
    again = bank(text, line("r-2", 300_000, HANA, "v-hana second"))
    assert (again["new"], again["seen"]) == (1, 1)
    assert bank(text)["new"] == 0
    paid = town.op1.get("/vouchers/v-hana")["deposit"]["paid_microwon"]
    assert paid == 2_800_000 * WON
    town.wells()


def test_lines_of_one_file_are_judged_by_those_before_them(town, decided, bank) -> None:
    """Without a word, money is for what its payer owes, until this very file has paid that."""
    award = decided()
    sign(town, award)
    owed = town.op1.get(f"/awards/{award.id}")["copayment"]["cash_microwon"] // WON
    half = owed // 2
    done = bank(
        line("r-1", half, "hana"), line("r-2", owed - half, "hana"), line("r-3", half, "hana")
    )
    assert done["outcomes"] == {"deposit": 2, "parked": 1}
    assert town.op1.get(f"/awards/{award.id}")["copayment"]["state"] == "funded"
    (row,) = town.op1.get("/receipts?state=parked")
    assert (row["reference"], row["park_reason"]) == ("r-3", "unmatched")
    town.wells()


def test_same_line_twice_in_one_file_counts_once(town, granted, bank) -> None:
    granted()
    text = line("r-1", 500_000, HANA, "v-hana")
    done = bank(text, text, line("fee", -10), line("fee", -10))
    assert (done["new"], done["seen"]) == (2, 2)
    town.op1.refused(
        "/bank/imports", "programme.bank_line.exists_with_different_content",
        text=HEAD + f"{line('r-8', 1, HANA)}\n{line('r-8', 2, HANA)}", **PLACE,
    )  # fmt: skip
    town.wells()


def test_time_of_a_line_is_kept_to_the_second_whatever_its_zone(town, granted, bank) -> None:
    """Zones of old clocks have seconds of their own: the file that comes again is the same."""
    granted()
    text = line("r-1", 500_000, HANA, "v-hana", booked_at="2026-03-09T10:15:00+08:27:52")
    assert bank(text)["new"] == 1
    assert bank(text)["seen"] == 1
    received_at = Receipt.objects.get(reference="r-1").received_at
    assert received_at == datetime.fromisoformat("2026-03-09T01:47:08+00:00")


def test_file_with_a_nul_is_refused_by_line(town, granted) -> None:
    """As an upload or from the command line; the API's own parser takes none."""
    granted()
    for text in (line("r-\x001", 5, HANA), line("r-1", 5, HANA, "v-\x00hana")):
        with pytest.raises(BankFileInvalid) as found:
            read_lines(HEAD + line("r-0", 5) + "\n" + text)
        assert found.value.fields["line"] == 3


def test_one_movement_is_the_explanation_of_one_line(town, granted, bank) -> None:
    """Two lines of its amount in one file: the first is it, the second stays open."""
    granted()
    grant = [line(f"g-{n}", 100_000_000, account="1100") for n in (1, 2)]
    assert bank(*grant)["outcomes"] == {"known": 1, "open": 1}
    assert reconciled(town, "1100")["open_movements"] == []


def test_reference_typed_with_another_amount_refuses_the_file(town, granted, bank) -> None:
    granted()
    deposit = Receipt.objects.get()
    refusal = town.op1.refused(
        "/bank/imports", "deposit.receipt.exists_with_different_content",
        text=HEAD + f"{line('r-1', 5, HANA)}\n{line(deposit.reference, 7, HANA, 'v-hana')}",
        **PLACE,
    )  # fmt: skip
    assert refusal.fields == {"reference": deposit.reference, "field": "amount"}
    assert town.op1.get("/bank/lines") == []
    town.wells()


def test_long_file_takes_no_more_questions_than_a_short_one(town, granted, bank) -> None:
    """As many as its batches need: no line costs round trips of its own."""
    granted()
    granted("v-duri", "duri")
    asked = []
    for size in (20, BATCH_LINES, 2 * BATCH_LINES + 1):
        with CaptureQueriesContext(connection) as found:
            done = bank(*_mixed(size))
        assert done["new"] == size
        asked.append(len(found))
    few, one, three = asked
    assert one - few < 5, asked
    assert three - one < 2 * 12, asked
    assert reconciled(town, "1110")["open_movements"]
    town.wells()


def _mixed(size: int) -> list[str]:
    """Every kind of line that is no confirmation, under references of its own."""
    kinds = [
        (10_000, HANA, "v-hana", "1110"), (20_000, "", "who", "1110"),
        (30_000, HANA, "v-duri", "1110"), (40_000, "duri", "v-duri", "1110"),
        (-7, "", "fee", "1110"), (-9, "", "fee", "1100"),
    ]  # fmt: skip
    return [
        line(f"m-{size}-{n}", won + n if won > 0 else won - n, payer, memo, account=account)
        for n, (won, payer, memo, account) in zip(range(size), cycle(kinds), strict=False)
    ]


def test_same_reference_with_other_content_is_refused_and_nothing_is_taken(
    town, granted, bank
) -> None:
    granted()
    bank(line("r-1", 500_000, HANA, "v-hana"))
    refusal = town.op1.refused(
        "/bank/imports", "programme.bank_line.exists_with_different_content",
        text=HEAD + f"{line('r-9', 1, HANA, 'v-hana')}\n{line('r-1', 500_001, HANA, 'v-hana')}",
        **PLACE,
    )  # fmt: skip
    assert (refusal.fields["line"], refusal.fields["field"]) == (3, "amount_won")
    assert len(town.op1.get("/bank/lines")) == 1
    town.wells()


@pytest.mark.parametrize(
    ("payer", "memo", "reason"),
    [
        (DURI, "v-hana", "payer"),
        ("", "v-hana", "payer"),
        ("999-99-99999", "v-hana", "payer"),
        (HANA, "", "unmatched"),
        (HANA, "v-unknown", "unmatched"),
    ],
)
def test_what_is_not_surely_the_beneficiarys_is_parked_until_a_person_decides(
    town, granted, bank, payer, memo, reason
) -> None:
    granted()
    assert bank(line("r-1", 400_000, payer, memo))["outcomes"] == {"parked": 1}
    (row,) = town.op1.get("/receipts?state=parked")
    assert row["park_reason"] == reason
    assert town.sums()["1120"] == 400_000
    waiting = [one["kind"] for one in town.op1.get("/exceptions")]
    assert f"receipt.{reason}" in waiting
    town.hana.refused(
        f"/receipts/{row['id']}/match", "core.request.not_found", voucher="v-hana", reason="r"
    ) if reason == "unmatched" else None
    town.op2.post(f"/receipts/{row['id']}/match", voucher="v-hana", reason="the firm called")
    assert "1120" not in town.sums()
    assert bank(line("r-1", 400_000, payer, memo))["seen"] == 1
    town.op2.refused(
        f"/receipts/{row['id']}/return", "deposit.receipt.not_parked", reason="again"
    )
    town.wells()


def test_money_for_a_voucher_that_has_ended_is_late_and_goes_back(town, granted, bank) -> None:
    granted()
    town.at("2027-01-02 10:00")
    town.duties()
    bank(line("r-1", 100_000, HANA, "v-hana", booked_at="2026-12-30T10:00:00+09:00"))
    (row,) = town.op1.get("/receipts?state=parked")
    assert row["park_reason"] == "late"
    town.op1.refused(
        f"/receipts/{row['id']}/match", "voucher.state.not_active", voucher="v-hana", reason="r"
    )
    assert town.op1.post(f"/receipts/{row['id']}/return", reason="too late")["state"] == (
        "returned"
    )
    done = bank(line("r-2", -100_000, "", "returned", booked_at="2027-01-03T10:00:00+09:00"))
    assert done["outcomes"] == {"known": 1}
    assert reconciled(town, "1110")["open_lines"] == []
    town.wells()


def test_bank_confirms_payouts_and_reconciles_to_the_won(
    town, granted, use, stated, bank
) -> None:
    granted()
    use("v-hana", 5)
    number = stated()
    rows = town.op1.post(f"/statements/nuri/2026-03/{number}/payouts")
    for row in rows:
        town.op2.post(f"/payouts/{row['id']}/approve")
    lines = [
        line(
            f"out-{row['account']}", -row["amount_microwon"] // WON, "", f"pay {row['id']}",
            account=row["account"],
        )
        for row in rows
    ]  # fmt: skip
    grant = line("grant", 100_000_000, "", "교부금", account="1100")
    deposit = Receipt.objects.get()
    own = line(deposit.reference, 2_000_000, HANA, "v-hana")
    done = bank(grant, own, *lines)
    assert done["outcomes"] == {"known": 2, "paid": 2}
    assert {row["state"] for row in town.op1.get("/payouts")} == {"settled"}
    for account in ("1100", "1110"):
        found = reconciled(town, account)
        assert found["difference_microwon"] == 0
        assert (found["open_lines"], found["open_movements"]) == ([], [])
    assert bank(grant, own, *lines)["new"] == 0
    town.wells()


def test_open_line_is_explained_by_a_person_with_a_journal_of_its_amount(
    town, granted, bank
) -> None:
    granted()
    bank(line("fee", -1_000, "", "fee", account="1100"))
    (row,) = town.op1.get("/bank/lines")
    found = reconciled(town, "1100")
    assert found["difference_microwon"] == (-1_000 - 100_000_000) * WON
    (grant,) = found["open_movements"]
    town.op1.refused(
        f"/bank/lines/{row['id']}/link", "programme.bank_line.link_refused",
        journal=grant["journal"], reason="r",
    )  # fmt: skip
    bank(line("a", 60_000_000, "", "half", account="1100"))
    bank(line("g", 100_000_000, "", "", account="1100", booked_at="2026-03-01T09:00:00+09:00"))
    kinds = [one["kind"] for one in town.op1.get("/exceptions")]
    assert kinds.count("bank_line.open") == 2
    town.op1.refused(
        f"/bank/lines/{uuid4()}/link", "core.request.not_found",
        journal=grant["journal"], reason="r",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n", "header"),
        (HEAD + "9999,r,2026-03-09T10:15:00+09:00,1,,\n", "no account of ours"),
        (HEAD + "1110,,2026-03-09T10:15:00+09:00,1,,\n", "reference empty or too long"),
        (HEAD + "1110,r,2026-03-09T10:15:00+09:00,1.5,,\n", "not an amount of whole won"),
        (HEAD + "1110,r,2026-03-09T10:15:00+09:00,0,,\n", "not an amount of whole won"),
        (HEAD + "1110,r,2026-03-09T10:15:00+09:00,\uff11,,\n", "not an amount of whole won"),
        (HEAD + "1110,r,2026-03-09T10:15:00,1,,\n", "time zone"),
        (HEAD + "1110,r,yesterday,1,,\n", "not a time"),
        (HEAD + "1110,r,2026-03-09T10:15:00+09:00,1\n", "columns"),
        (HEAD + f"1110,r,2026-03-09T10:15:00+09:00,1,,{'x' * 501}\n", "too long"),
        (HEAD + f"1110,r,2026-03-09T10:15:00+09:00,1,{'x' * 65},\n", "too long"),
        (HEAD + f"1110,r,2026-03-09T10:15:00+09:00,1,,{'x' * 140_000}\n", "not CSV"),
        ((HEAD + "1110,r,2026-03-09T10:15:00+09:00,1,,\n").replace("\n", "\r"), "not CSV"),
        (HEAD + "1110,r,2026-03-09T10:15:00+09:00,9223372036855,,\n", "more than a bank line"),
        (HEAD + "1100,r,2026-03-09T10:15:00+09:00,-9223372036855,,\n", "more than a bank line"),
        (HEAD + "1110,r,0001-01-01T00:00:00+09:00,1,,\n", "not a time"),
        (HEAD + "1110,r,9999-12-31T23:59:59-09:00,1,,\n", "not a time"),
    ],
)
def test_file_that_cannot_be_read_is_refused_by_line(town, granted, text, reason) -> None:
    granted()
    refusal = town.op1.refused(
        "/bank/imports", "programme.bank_file.invalid", text=text, **PLACE
    )
    assert reason in refusal.fields["reason"]


@pytest.fixture
def other(town, year, declare_year) -> None:
    """A second programme with a bank of its own, and duri's voucher `v-other` of it."""
    declare_year(code="other")
    terms = GrantTerms(
        "v-other", "other", "duri", 4_000_000 * WON, 0, date(2026, 12, 31), ("*",)
    )
    grant_directly(town.system, terms, at=town.now)


def test_banks_of_two_programmes_may_number_their_lines_alike(
    town, other, granted, bank
) -> None:
    """A reference is unique in its account, and each programme has a trust account."""
    granted()
    theirs = {"programme": "other", "year": 2026}
    assert bank(line("r-1", 500_000, HANA, "v-hana"))["outcomes"] == {"deposit": 1}
    for won, reference in ((500_000, "r-1"), (700_000, "r-2")):
        text = HEAD + line(reference, won, DURI, "v-other")
        done = town.op1.post("/bank/imports", text=text, **theirs)
        assert done["outcomes"] == {"deposit": 1}
        assert town.op1.post("/bank/imports", text=text, **theirs)["seen"] == 1
    bank(line("r-2", 300_000, HANA, "v-hana"))
    paid = {
        code: town.op1.get(f"/vouchers/{code}")["deposit"]["paid_microwon"] // WON
        for code in ("v-hana", "v-other")
    }
    assert paid == {"v-hana": 2_800_000, "v-other": 1_200_000}
    for programme in ("api-voucher", "other"):
        reconciled(town, "1110", programme)
    town.wells()


def test_bank_of_one_programme_confirms_no_payment_of_another(
    town, other, granted, use, stated, bank
) -> None:
    """Nor the subsidy account what left the trust account: else neither ever reconciles."""
    granted()
    use("v-hana", 5)
    rows = town.op1.post(f"/statements/nuri/2026-03/{stated()}/payouts")
    for row in rows:
        town.op2.post(f"/payouts/{row['id']}/approve")
    lines = [
        line(f"o-{row['account']}", -row["amount_microwon"] // WON, "", row["id"],
             account=row["account"])
        for row in rows
    ]  # fmt: skip
    done = town.op1.post(
        "/bank/imports", text=HEAD + "\n".join(lines), programme="other", year=2026
    )
    assert done["outcomes"] == {"open": 2}
    assert {row["state"] for row in town.op1.get("/payouts")} == {"sent"}
    assert bank(*lines)["outcomes"] == {"paid": 2}
    town.at("2027-01-02 10:00")
    town.duties()
    town.op1.post("/vouchers/v-hana/close")
    back = town.op1.post("/vouchers/v-hana/deposit-return")
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    won, at = -back["amount_microwon"] // WON, "2027-01-02T10:00:00+09:00"
    for account, outcome in (("1100", "open"), ("1110", "paid")):
        done = bank(line("b-1", won, "", back["id"], account=account, booked_at=at))
        assert done["outcomes"] == {outcome: 1}
    for account in ("1100", "1110"):
        reconciled(town, account)
        reconciled(town, account, "other")
    town.wells()


def test_payer_may_be_told_by_a_code_as_long_as_codes_are(town, granted, bank) -> None:
    granted()
    assert bank(line("r-1", 400_000, "x" * 64, "v-hana"))["outcomes"] == {"parked": 1}
    assert town.op1.get("/bank/lines")[0]["payer"] == "x" * 64


def test_deposit_on_the_wrong_voucher_is_corrected_by_two_people(town, granted, bank) -> None:
    granted()
    granted("v-duri", "duri")
    bank(line("r-1", 500_000, HANA, "v-hana"))
    journal = next(
        row["id"] for row in town.auditor.get("/ledger/journals?kind=P5")
        if row["entries"][0]["debit_microwon"] == 500_000 * WON
    )  # fmt: skip
    town.op1.refused(
        "/corrections", "programme.correction.refused", journal=journal, reason="no target"
    )
    body = {"journal": journal, "voucher": "v-duri", "reason": "it was meant for duri"}
    made = town.op1.post("/corrections", **body)
    town.op2.refused("/corrections", "parties.workflow.not_allowed_now", **body)
    path = f"/corrections/{made['id']}"
    town.op1.refused(path + "/book", "parties.approval.same_person")
    town.op3.post(path + "/refuse", reason="ask again")
    made = town.op1.post("/corrections", **body)
    path = f"/corrections/{made['id']}"
    done = town.op2.post(path + "/book")
    assert done["state"] == "booked"
    shown = town.auditor.get(f"/ledger/journals/{done['reversed_by']}")
    assert (shown["kind"], shown["corrects"]) == ("P23", journal)
    paid = {
        code: town.op1.get(f"/vouchers/{code}")["deposit"]["paid_microwon"] // WON
        for code in ("v-hana", "v-duri")
    }
    assert paid == {"v-hana": 2_000_000, "v-duri": 2_500_000}
    assert Receipt.objects.get(reference="r-1").voucher.code == "v-duri"
    town.op2.refused(path + "/book", "parties.workflow.not_allowed_now")
    assert bank(line("r-1", 500_000, HANA, "v-hana"))["seen"] == 1
    year = ProgrammeYear.objects.get()
    waiting = [one.kind for one in unlinked_movements("1110", year.programme_id)]
    assert waiting == ["P5", "P5"], "deposits of the grants: a correction moves no money"
    town.wells()


def test_award_whose_deposit_was_another_vouchers_waits_for_its_own_again(
    town, decided, granted
) -> None:
    """A correction takes the money; the award is not paid for, and lapses on its day."""
    award = decided()
    sign(town, award)
    granted("v-duri", "duri")
    award.refresh_from_db()
    body = {"payer": "hana", "reference": "r-1", "received_at": town.now}
    path = f"/awards/{award.id}"
    owed = town.op1.get(path)["copayment"]
    town.op1.post(path + "/deposits", amount_microwon=owed["cash_microwon"], **body)
    journal = next(
        row["id"] for row in town.auditor.get("/ledger/journals?kind=P5")
        if row["entries"][0]["debit_microwon"] == owed["cash_microwon"]
    )  # fmt: skip
    made = town.op1.post("/corrections", journal=journal, voucher="v-duri", reason="duri's")
    assert town.op1.get(path)["copayment"]["state"] == "funded"
    town.op2.post(f"/corrections/{made['id']}/book")
    assert town.op1.get(path)["copayment"]["state"] == "pending_deposit"
    assert town.hana.get("/notices")[0]["kind"] == "programme.copayment.reopened"
    town.clock.advance(datetime.fromisoformat(owed["due_at"]) - town.now)
    town.duties()
    assert town.op1.get(path)["state"] == "lapsed"
    town.wells()


@pytest.mark.parametrize("kind", ["P3", "P4", "P6"])
def test_journal_with_a_reverse_of_its_own_is_not_corrected(town, granted, kind) -> None:
    granted()
    journal = town.auditor.get(f"/ledger/journals?kind={kind}")[0]["id"]
    town.op1.refused(
        "/corrections", "programme.correction.refused", journal=journal, reason="wrong"
    )
    town.op1.refused(
        "/corrections", "ledger.journal.unknown", journal=str(uuid4()), reason="wrong"
    )


def test_vouchers_of_a_file_are_locked_before_anything_is_booked(town, granted, bank) -> None:
    """Also those that a line pays back: who types a deposit takes a voucher, then the account;
    a file that did it the other way round would wait for that person in a circle."""
    granted()
    town.at("2027-01-02 10:00")
    town.duties()
    town.op1.post("/vouchers/v-hana/close")
    back = town.op1.post("/vouchers/v-hana/deposit-return")
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    won, at = -back["amount_microwon"] // WON, "2027-01-02T10:00:00+09:00"
    with CaptureQueriesContext(connection) as found:
        done = bank(
            line("in-1", 1_000, "", "whose?", booked_at=at),
            line("out-1", won, "", back["id"], booked_at=at),
        )
    assert done["outcomes"] == {"parked": 1, "paid": 1}
    asked = [one["sql"] for one in found.captured_queries]
    posted = next(n for n, sql in enumerate(asked) if "ledger_post" in sql)
    locked = [sql for sql in asked[:posted] if 'UPDATE OF "metering_voucher"' in sql]
    hana = Voucher.objects.get(code="v-hana")
    assert any(hana.id.hex in sql for sql in locked), locked
    town.wells()
