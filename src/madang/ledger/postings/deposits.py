"""The beneficiary's deposit: P5, receipts without a name (1120), P17."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import account
from madang.ledger.draft import Ask, Draft, Journals, amount_of
from madang.ledger.kinds import Kind
from madang.ledger.postings._drive import (
    Named,
    move,
    on_wallet,
    request_for,
    request_on,
    write_at_once,
)
from madang.ledger.types import Posted, Stamp, Terms


@dataclass(frozen=True, slots=True)
class Received:
    """Money on a trust account: a voucher's deposit, or nobody's yet when `terms` is None."""

    stamp: Stamp
    programme: UUID
    receipt: UUID
    terms: Terms | None
    amount: int


def receive(receipts: Sequence[Received], *, into: Journals = POSTGRES) -> list[Posted]:
    """P5 for many receipts in two round trips: all of them or none, in this order."""
    vouchers = {one.terms.voucher for one in receipts if one.terms is not None}
    if vouchers:
        into.read(Ask(locks=tuple(vouchers)))
    drafts = [_received(one) for one in receipts]
    written = into.write(drafts)
    return [one.posted_for(draft.request) for one, draft in zip(written, drafts, strict=True)]


def _received(one: Received) -> Draft:
    if one.terms is not None:
        return _deposited(one.stamp, one.terms, amount_of(one.amount, whole=True))
    return _unidentified(one, amount_of(one.amount))


def _deposited(stamp: Stamp, terms: Terms, amount: int) -> Draft:
    request = request_on(Kind.DEPOSIT, stamp, terms, {"amount": amount})
    return request.draft(
        debit=((account("1110", programme=terms.programme), amount),),
        credit=((account("2200", voucher=terms.voucher), amount),),
        voucher_move=on_wallet(terms, "deposit", amount),
    )


def _unidentified(one: Received, amount: int) -> Draft:
    content: Named = {"programme": one.programme, "receipt": one.receipt, "amount": amount}
    request = request_for(Kind.DEPOSIT_UNIDENTIFIED, one.stamp, one.programme, content)
    return request.draft(
        debit=((account("1110", programme=one.programme), amount),),
        credit=((account("1120", receipt=one.receipt), amount),),
    )


def deposit(stamp: Stamp, terms: Terms, *, amount: int, into: Journals = POSTGRES) -> Posted:
    """P5 자부담 입금: whole won."""
    return receive(
        (Received(stamp, terms.programme, terms.voucher, terms, amount),), into=into
    )[0]


def deposit_unidentified(
    stamp: Stamp, *, programme: UUID, receipt: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P5 미확인입금: the money lies in the bank, so its counter-account is a debt of ours."""
    return receive((Received(stamp, programme, receipt, None, amount),), into=into)[0]


def match_receipt(
    stamp: Stamp, terms: Terms, *, receipt: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """A receipt finds its voucher. May be partial."""
    amount = amount_of(amount, whole=True)
    return write_at_once(
        request_on(
            Kind.MATCH_RECEIPT, stamp, terms, {"receipt": str(receipt), "amount": amount}
        ),
        into,
        debit=((account("1120", receipt=receipt), amount),),
        credit=((account("2200", voucher=terms.voucher), amount),),
        voucher_move=on_wallet(terms, "deposit", amount),
        lock=terms.voucher,
    )


def return_receipt(
    stamp: Stamp, *, programme: UUID, receipt: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """A receipt goes back to whoever sent it."""
    return move(
        Kind.RETURN_RECEIPT, stamp, programme, into,
        debit=account("1120", receipt=receipt),
        credit=account("1110", programme=programme),
        amount=amount, programme=programme, receipt=receipt,
    )  # fmt: skip


def refund_deposit(
    stamp: Stamp, terms: Terms, *, organisation: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P17 자부담 반환: what is neither held nor used is owed to the beneficiary again."""
    amount = amount_of(amount, whole=True)
    request = request_on(
        Kind.REFUND_DEPOSIT, stamp, terms, {"organisation": str(organisation), "amount": amount}
    )
    return write_at_once(
        request,
        into,
        debit=((account("2200", voucher=terms.voucher), amount),),
        credit=((account("2600", organisation=organisation), amount),),
        lock=terms.voucher,
    )


def pay_deposit_refund(
    stamp: Stamp,
    *,
    programme_year: UUID,
    programme: UUID,
    organisation: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P17 second half: it leaves the trust account."""
    return move(
        Kind.PAY_DEPOSIT_REFUND, stamp, programme_year, into,
        debit=account("2600", organisation=organisation),
        credit=account("1110", programme=programme),
        amount=amount, programme=programme, organisation=organisation,
    )  # fmt: skip
