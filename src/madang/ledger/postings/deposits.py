"""The beneficiary's deposit: P5, receipts without a name (1120), P17."""

from __future__ import annotations

from uuid import UUID

from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import account
from madang.ledger.draft import Journals, amount_of
from madang.ledger.kinds import Kind
from madang.ledger.postings._drive import move, on_wallet, request_on, write_at_once
from madang.ledger.types import Posted, Stamp, Terms


def deposit(stamp: Stamp, terms: Terms, *, amount: int, into: Journals = POSTGRES) -> Posted:
    """P5 자부담 입금: whole won."""
    amount = amount_of(amount, whole=True)
    return write_at_once(
        request_on(Kind.DEPOSIT, stamp, terms, {"amount": amount}),
        into,
        debit=((account("1110", programme=terms.programme), amount),),
        credit=((account("2200", voucher=terms.voucher), amount),),
        voucher_move=on_wallet(terms, "deposit", amount),
        lock=terms.voucher,
    )


def deposit_unidentified(
    stamp: Stamp, *, programme: UUID, receipt: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """P5 미확인입금: the money lies in the bank, so its counter-account is a debt of ours."""
    return move(
        Kind.DEPOSIT_UNIDENTIFIED, stamp, programme, into,
        debit=account("1110", programme=programme),
        credit=account("1120", receipt=receipt),
        amount=amount, programme=programme, receipt=receipt,
    )  # fmt: skip


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
