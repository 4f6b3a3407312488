"""From charges to the supplier's bank account: statement, payouts by two people, the books."""

from __future__ import annotations

from madang.cli.walk.portal import Body
from madang.cli.walk.stage import APPROVER, MAKER, Stage
from madang.core.clock import seoul_date


def month_of(stage: Stage) -> str:
    return f"{seoul_date(stage.now()):%Y-%m}"


def settle(stage: Stage, supplier: str, voucher: str, supply_microwon: int) -> None:
    """Close, confirm and pay what one supplier earned; `voucher`'s line is checked."""
    month = month_of(stage)
    with stage.report.step(
        "statement", ko=f"정산: {supplier}", en=f"Statement: {supplier}"
    ) as step:
        closed = stage.commands.run(
            "settlement", "close", "--supplier", supplier, "--month", month
        )
        number = closed["number"]
        assert isinstance(number, int), "there is something to settle"
        again = stage.commands.run(
            "settlement", "close", "--supplier", supplier, "--month", month
        )
        step.hold("closing again changes nothing", again["unchanged"])
        statement = _statement(closed, number)
        line = _line(statement, voucher)
        floor = supply_microwon // 1_000_000 * 1_000_000
        step.hold("supply value of the voucher", line["supply_microwon"] in _near(floor))
        for name in ("supply", "subsidy", "own", "vat", "total"):
            step.amounts[f"{name}_microwon"] = _amount(statement, f"{name}_microwon")
        step.ids["statement"] = f"{supplier} {month} #{number}"
        seller = stage.portal(f"sales@{supplier}.example")
        done = seller.call(
            "confirm_statement", {}, supplier=supplier, month=month, number=number
        )
        step.check("state of the statement", "confirmed", done["state"])
    _pay(stage, supplier, month, number)


def _near(floor_microwon: int) -> set[int]:
    """A statement takes whole won; a won may wait until own part and subsidy both fit."""
    return {floor_microwon, floor_microwon - 1_000_000}


def _pay(stage: Stage, supplier: str, month: str, number: int) -> None:
    place = ("--supplier", supplier, "--month", month)
    with stage.report.step("payout", ko=f"지급: {supplier}", en=f"Payout: {supplier}") as step:
        stage.commands.run("payout", "create", *place, "--number", str(number), "--as", MAKER)
        stage.commands.run("payout", "approve", *place, "--as", APPROVER)
        stage.commands.run("payout", "settle", *place, "--as", MAKER)
        report = stage.commands.run("settlement", "show", *place)
        statement = _statement(report, number)
        step.check("state of the statement", "paid", statement["state"])
        payouts = statement["payouts"]
        assert isinstance(payouts, list)
        paid = 0
        for payout in payouts:
            assert isinstance(payout, dict)
            step.check("state of the payout", "settled", payout["state"])
            step.ids[f"payout-{payout['account']}"] = str(payout["id"])
            step.amounts[f"from_{payout['account']}_microwon"] = _amount(
                payout, "amount_microwon"
            )
            paid += _amount(payout, "amount_microwon")
        step.check("paid", _amount(statement, "total_microwon"), paid)


def balance(stage: Stage) -> None:
    """The end of every walk: the books balance and the ledger verifies."""
    words = {"ko": "시산표와 원장 검증", "en": "Trial balance and ledger check"}
    with stage.report.step("trial balance", **words) as step:
        found = stage.commands.run("ledger", "trial-balance")
        stage.report.trial_balance = found
        books = found["books"]
        assert isinstance(books, dict)
        for name, totals in books.items():
            assert isinstance(totals, dict)
            difference = _amount(totals, "debit_microwon") - _amount(totals, "credit_microwon")
            step.check(f"book {name}", 0, difference)
            step.amounts[f"book_{name}_difference_microwon"] = difference
        step.hold("balanced", found["balanced"])
        verified = stage.commands.run("ledger", "verify")
        step.hold("ledger verifies", verified["ok"])
        step.ids["root"] = str(verified["root"])
        step.note(ko=f"분개 {verified['journals']}건", en=f"{verified['journals']} journals")


def _statement(report: Body, number: int) -> Body:
    statements = report["statements"]
    assert isinstance(statements, list)
    for one in statements:
        if isinstance(one, dict) and one["number"] == number:
            return one
    raise AssertionError(f"no statement {number}")


def _line(statement: Body, voucher: str) -> Body:
    lines = statement["lines"]
    assert isinstance(lines, list)
    for one in lines:
        if isinstance(one, dict) and one["voucher"] == voucher:
            return one
    raise AssertionError(f"no line for {voucher}")


def _amount(row: Body, name: str) -> int:
    found = row[name]
    assert isinstance(found, int), name
    return found
