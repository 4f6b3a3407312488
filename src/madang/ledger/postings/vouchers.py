"""A voucher's birth and end: P6 and P14."""

from __future__ import annotations

from uuid import UUID

from madang.ledger import errors
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import account
from madang.ledger.draft import (
    Ask,
    Draft,
    Facts,
    Journals,
    amount_of,
    amount_or_zero,
)
from madang.ledger.kinds import Kind
from madang.ledger.postings._drive import Named, on_wallet, read_then_write, request_on
from madang.ledger.types import Moved, Posted, Stamp, Terms


def issue(
    stamp: Stamp,
    terms: Terms,
    *,
    award: UUID,
    amount: int,
    deposit_required: int = 0,
    into: Journals = POSTGRES,
) -> Posted:
    """P6 발급, from a signed award; also a further tranche (회차).

    `deposit_required` is the policy's (see rounding.deposit_required for its default); a
    direct voucher takes any deposit, so 0.
    """
    amount = amount_of(amount)
    required = amount_or_zero(deposit_required)
    content: Named = {"award": str(award), "amount": amount, "deposit_required": required}
    request = request_on(Kind.ISSUE, stamp, terms, content)
    deposit = account("2200", voucher=terms.voucher)

    def build(facts: Facts) -> Draft:
        if not terms.active or facts.wallet_of(terms).expired:
            raise errors.VoucherExpired(voucher=str(terms.voucher))
        if facts.balance(deposit) < required:
            raise errors.DepositInsufficient(
                required=required, available=facts.balance(deposit)
            )
        return request.draft(
            debit=((account("B310", award=award), amount),),
            credit=((account("B400", voucher=terms.voucher), amount),),
            voucher_move=on_wallet(terms, "issue", amount),
        )

    ask = Ask(locks=(terms.voucher,), accounts=(deposit,), wallets=(terms.voucher,))
    return read_then_write(request, into, ask, build)[0]


def expire_voucher(stamp: Stamp, terms: Terms, *, into: Journals = POSTGRES) -> Moved:
    """P14 만료: the rest of B400 moves to B600, and from now on so does every release.

    Open holds stay in B410 until they are captured or resolved.
    """
    request = request_on(Kind.EXPIRE_VOUCHER, stamp, terms, {})
    available = account("B400", voucher=terms.voucher)

    def build(facts: Facts) -> Draft:
        if facts.wallet_of(terms).expired:
            raise errors.VoucherExpired(voucher=str(terms.voucher))
        rest = facts.balance(available)
        return request.draft(
            debit=((available, rest),),
            credit=((account("B600", voucher=terms.voucher), rest),),
            answer={"amount": rest},
            voucher_move=on_wallet(terms, "expire", 0),
        )

    ask = Ask(locks=(terms.voucher,), accounts=(available,), wallets=(terms.voucher,))
    posted, answer = read_then_write(request, into, ask, build)
    return Moved(posted, answer["amount"])
