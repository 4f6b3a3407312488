"""Beside the voucher: P22 in kind, P23 corrections, P24 milestones, P26 disputes."""

from __future__ import annotations

from uuid import UUID

from madang.ledger import errors
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import Side, account
from madang.ledger.draft import (
    Ask,
    Draft,
    Facts,
    Journals,
    Original,
    Request,
    VoucherMove,
    amount_of,
)
from madang.ledger.kinds import KINDS, Kind
from madang.ledger.postings._drive import (
    Named,
    move,
    read_then_write,
    request_for,
    request_on,
    write_at_once,
)
from madang.ledger.types import Posted, Stamp, Terms


def pledge_in_kind(
    stamp: Stamp, *, programme_year: UUID, award: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P22 현물 약정: a memorandum, it never funds a charge."""
    return move(
        Kind.PLEDGE_IN_KIND, stamp, programme_year, into,
        debit=account("K150", award=award), credit=account("K200", award=award),
        amount=amount, award=award,
    )  # fmt: skip


def evidence_in_kind(
    stamp: Stamp, *, programme_year: UUID, award: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P22 현물 이행: part of a pledge was shown to be delivered."""
    return move(
        Kind.EVIDENCE_IN_KIND, stamp, programme_year, into,
        debit=account("K100", award=award), credit=account("K150", award=award),
        amount=amount, award=award,
    )  # fmt: skip


def pay_milestone(
    stamp: Stamp,
    *,
    programme_year: UUID,
    award: UUID,
    payee: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P24 단계 지급: whole won, at most what the award has left; then payable to `payee`."""
    amount = amount_of(amount, whole=True)
    content: Named = {"award": award, "payee": payee, "amount": amount}
    return write_at_once(
        request_for(Kind.PAY_MILESTONE, stamp, programme_year, content),
        into,
        debit=(
            (account("B310", award=award), amount),
            (account("5100", award=award), amount),
            (account("2100", programme_year=programme_year), amount),
        ),
        credit=(
            (account("B500", award=award), amount),
            (account("4100", award=award), amount),
            (account("2310S", supplier=payee), amount),
        ),
    )


def open_dispute(
    stamp: Stamp, terms: Terms, *, supplier: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P26 분쟁 비망: usage above the bound, noted, never charged to the voucher."""
    return _dispute(Kind.OPEN_DISPUTE, stamp, terms, supplier, amount, ("K300", "K350"), into)


def close_dispute(
    stamp: Stamp, terms: Terms, *, supplier: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P26 분쟁 종결. A dispute that the programme loses is then paid by P25."""
    return _dispute(Kind.CLOSE_DISPUTE, stamp, terms, supplier, amount, ("K350", "K300"), into)


def _dispute(
    kind: Kind,
    stamp: Stamp,
    terms: Terms,
    supplier: UUID,
    amount: int,
    codes: tuple[str, str],
    into: Journals,
) -> Posted:
    amount = amount_of(amount)
    debit, credit = (account(c, supplier=supplier, voucher=terms.voucher) for c in codes)
    return write_at_once(
        request_on(kind, stamp, terms, {"supplier": str(supplier), "amount": amount}),
        into,
        debit=((debit, amount),),
        credit=((credit, amount),),
    )


def correct(
    stamp: Stamp, *, programme_year: UUID, journal: UUID, into: Journals = POSTGRES
) -> Posted:
    """P23 정정: the exact reverse of a journal, once. The right journal is posted after it.

    Kinds that move a lease or a counter have a reverse of their own and are refused here.
    """
    request = request_for(Kind.CORRECT, stamp, programme_year, {"journal": journal})

    def build(facts: Facts) -> Draft:
        original = facts.originals.get(journal)
        if original is None:
            raise errors.JournalUnknown(journal=str(journal))
        if not KINDS[original.kind].corrects:
            raise errors.CorrectionNotPossible(journal=str(journal), kind=original.kind)
        if original.corrected:
            raise errors.CorrectedAlready(journal=str(journal))
        return _reverse(request, original)

    ask = Ask(locks=(journal,), journals=(journal,))
    return read_then_write(request, into, ask, build)[0]


def _reverse(request: Request, original: Original) -> Draft:
    undone = original.voucher_move
    return request.draft(
        debit=[(leg.account, leg.amount) for leg in original.legs if leg.side is Side.CREDIT],
        credit=[(leg.account, leg.amount) for leg in original.legs if leg.side is Side.DEBIT],
        corrects=original.id,
        voucher_move=undone
        and VoucherMove(undone.voucher, undone.supplier, undone.kind, -undone.amount),
    )
