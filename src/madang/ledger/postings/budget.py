"""Budget from appropriation to award, and the way back: P1 to P4, P15, P18, P19."""

from __future__ import annotations

from uuid import UUID

from madang.ledger import rounding
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import Account, account
from madang.ledger.draft import Ask, Draft, Facts, Journals, amount_of, amount_or_zero
from madang.ledger.kinds import Kind
from madang.ledger.postings._drive import (
    move,
    read_then_write,
    request_for,
    request_on,
    write_at_once,
)
from madang.ledger.types import Moved, Posted, Stamp, Terms


def _of_year(code: str, programme_year: UUID) -> Account:
    return account(code, programme_year=programme_year)


def appropriate(
    stamp: Stamp, *, programme_year: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P1 예산배정: the year's budget comes into being, unallocated."""
    return move(
        Kind.APPROPRIATE, stamp, programme_year, into,
        debit=_of_year("B100", programme_year),
        credit=_of_year("B200", programme_year),
        amount=amount, programme_year=programme_year,
    )  # fmt: skip


def reduce_appropriation(
    stamp: Stamp, *, programme_year: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P1 reversed 예산감액: refused below what is committed."""
    return move(
        Kind.REDUCE_APPROPRIATION, stamp, programme_year, into,
        debit=_of_year("B200", programme_year),
        credit=_of_year("B100", programme_year),
        amount=amount, programme_year=programme_year,
    )  # fmt: skip


def receive_grant(
    stamp: Stamp, *, programme_year: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P2 교부금 입금: whole won."""
    return move(
        Kind.RECEIVE_GRANT, stamp, programme_year, into,
        debit=_of_year("1100", programme_year),
        credit=_of_year("2100", programme_year),
        amount=amount, programme_year=programme_year,
    )  # fmt: skip


def return_grant(
    stamp: Stamp, *, programme_year: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P2 reversed: cash goes back to the funder because the appropriation was reduced."""
    return move(
        Kind.RETURN_GRANT, stamp, programme_year, into,
        debit=_of_year("2100", programme_year),
        credit=_of_year("1100", programme_year),
        amount=amount, programme_year=programme_year,
    )  # fmt: skip


def open_call(
    stamp: Stamp, *, programme_year: UUID, call: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P3 공모배정."""
    return move(
        Kind.OPEN_CALL, stamp, programme_year, into,
        debit=_of_year("B200", programme_year),
        credit=account("B300", call=call),
        amount=amount, programme_year=programme_year, call=call,
    )  # fmt: skip


def close_call(
    stamp: Stamp, *, programme_year: UUID, call: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P3 reversed 공모 잔액 환원: what a call did not award is unallocated again."""
    return move(
        Kind.CLOSE_CALL, stamp, programme_year, into,
        debit=account("B300", call=call),
        credit=_of_year("B200", programme_year),
        amount=amount, programme_year=programme_year, call=call,
    )  # fmt: skip


def award(
    stamp: Stamp,
    *,
    programme_year: UUID,
    call: UUID,
    award: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P4 협약: refused above what the call still has, also with two people at once."""
    return move(
        Kind.AWARD, stamp, programme_year, into,
        debit=account("B300", call=call),
        credit=account("B310", award=award),
        amount=amount, call=call, award=award,
    )  # fmt: skip


def lapse_award(
    stamp: Stamp,
    *,
    programme_year: UUID,
    call: UUID,
    award: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P4r 협약포기: the budget returns to the call, for the next on the reserve list."""
    return move(
        Kind.LAPSE_AWARD, stamp, programme_year, into,
        debit=account("B310", award=award),
        credit=account("B300", call=call),
        amount=amount, call=call, award=award,
    )  # fmt: skip


def return_unused(
    stamp: Stamp,
    terms: Terms,
    *,
    amount: int,
    year_end: bool = False,
    into: Journals = POSTGRES,
) -> Posted:
    """P15 회수: what expired is re-allotted (B200), or leaves the budget at year end (B100)."""
    amount = amount_of(amount)
    request = request_on(
        Kind.RETURN_UNUSED, stamp, terms, {"amount": amount, "year_end": int(year_end)}
    )
    target = _of_year("B100" if year_end else "B200", terms.programme_year)
    return write_at_once(
        request,
        into,
        debit=((account("B600", voucher=terms.voucher), amount),),
        credit=((target, amount),),
        lock=terms.voucher,
    )


def return_unused_award(
    stamp: Stamp,
    *,
    programme_year: UUID,
    award: UUID,
    amount: int,
    year_end: bool = False,
    into: Journals = POSTGRES,
) -> Posted:
    """P15 for an award that was paid by milestones and ended by a clawback."""
    return move(
        Kind.RETURN_UNUSED, stamp, programme_year, into,
        debit=account("B600", award=award),
        credit=_of_year("B100" if year_end else "B200", programme_year),
        amount=amount, award=award, year_end=int(year_end),
    )  # fmt: skip


def return_unspent(
    stamp: Stamp,
    *,
    programme_year: UUID,
    amount: int,
    returned: int = 0,
    into: Journals = POSTGRES,
) -> Posted:
    """P18 집행잔액 반납, first half: owed to the treasury, and out of the budget.

    `returned` is the part of `amount` whose budget left by P15 at year end already.
    """
    amount = amount_of(amount, whole=True)
    budget = amount - amount_or_zero(returned)
    request = request_for(
        Kind.RETURN_UNSPENT,
        stamp,
        programme_year,
        {"programme_year": programme_year, "amount": amount, "returned": returned},
    )
    grant, unallocated, due, appropriation = (
        _of_year(code, programme_year) for code in ("2100", "B200", "2500", "B100")
    )
    return write_at_once(
        request,
        into,
        debit=((grant, amount), (unallocated, budget)),
        credit=((due, amount), (appropriation, budget)),
    )


def remit_unspent(
    stamp: Stamp, *, programme_year: UUID, truncate: bool = True, into: Journals = POSTGRES
) -> Moved:
    """P18 second half: all of 2500 and the fraction so far, in tens of won; rest to 2590."""
    due, fraction, bank = (_of_year(code, programme_year) for code in ("2500", "2590", "1100"))
    request = request_for(
        Kind.REMIT_UNSPENT,
        stamp,
        programme_year,
        {"programme_year": programme_year, "truncate": int(truncate)},
    )

    def build(facts: Facts) -> Draft:
        owed, before = facts.balance(due), facts.balance(fraction)
        paid, after = rounding.treasury_remittance(owed, before, truncate=truncate)
        return request.draft(
            debit=((due, owed), (fraction, max(before - after, 0))),
            credit=((bank, paid), (fraction, max(after - before, 0))),
            answer={"amount": paid},
        )

    ask = Ask(locks=(programme_year,), accounts=(due, fraction))
    posted, answer = read_then_write(request, into, ask, build)
    return Moved(posted, answer["amount"])


def interest(
    stamp: Stamp, *, programme_year: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P19 이자: interest on the subsidy account belongs to the treasury."""
    return move(
        Kind.INTEREST, stamp, programme_year, into,
        debit=_of_year("1100", programme_year),
        credit=_of_year("2510", programme_year),
        amount=amount, programme_year=programme_year,
    )  # fmt: skip


def remit_interest(
    stamp: Stamp, *, programme_year: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P19 second half 이자 반납."""
    return move(
        Kind.REMIT_INTEREST, stamp, programme_year, into,
        debit=_of_year("2510", programme_year),
        credit=_of_year("1100", programme_year),
        amount=amount, programme_year=programme_year,
    )  # fmt: skip
