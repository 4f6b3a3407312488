"""Refunds of what was settled already: P13a agrees, P13b collects, P13w gives up.

What is agreed was never spendable, so that giving it up takes nothing from anybody: the
claim and what waited for it leave together, and what was consumed stays consumed.
"""

from __future__ import annotations

from uuid import UUID

from madang.ledger import errors
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import Account, account
from madang.ledger.draft import (
    Ask,
    Draft,
    Facts,
    Journals,
    Request,
    VoucherMove,
    amount_of,
    amount_or_zero,
)
from madang.ledger.kinds import Kind
from madang.ledger.postings._drive import (
    Amounts,
    Named,
    answer_of,
    parts_of,
    read_then_write,
    request_on,
)
from madang.ledger.postings.leases import release_account
from madang.ledger.rounding import refund_after_settlement
from madang.ledger.types import Agreed, Posted, Stamp, Terms

SETTLED_CODES = ("B500", "2300S", "2410S")


def settled_subsidy(facts: Facts, voucher: UUID) -> int:
    """What statements took of a voucher's subsidy and nobody has asked back yet."""
    consumed, accrued, pending = (facts.sums.get((voucher, c), 0) for c in SETTLED_CODES)
    return consumed - accrued - pending


def agree_refund(
    stamp: Stamp, terms: Terms, *, supplier: UUID, amount: int, into: Journals = POSTGRES
) -> Agreed:
    """P13a 정산 후 환불: the supplier owes it, nothing is spendable yet. Whole won."""
    amount = amount_of(amount, whole=True)
    request = request_on(
        Kind.AGREE_REFUND, stamp, terms, {"supplier": str(supplier), "amount": amount}
    )
    ask = Ask(
        locks=(terms.voucher,),
        pairs=((terms.voucher, supplier),),
        wallets=(terms.voucher,),
        voucher_sums=(terms.voucher,),
    )
    posted, answer = read_then_write(
        request, into, ask, lambda facts: _agree_draft(request, facts, terms, supplier, amount)
    )
    return Agreed(posted, parts_of(answer))


def _agree_draft(
    request: Request, facts: Facts, terms: Terms, supplier: UUID, amount: int
) -> Draft:
    facts.wallet_of(terms)
    pair = facts.pair(terms.voucher, supplier)
    if amount > pair.settled - pair.returned:
        raise errors.RefundExceeded(needed=amount, available=pair.settled - pair.returned)
    parts = refund_after_settlement(terms, amount)
    settled = settled_subsidy(facts, terms.voucher)
    if parts.subsidy > settled:
        raise errors.RefundExceeded(needed=parts.subsidy, available=settled)
    pending = {"supplier": supplier, "voucher": terms.voucher}
    return request.draft(
        debit=(
            (account("1320S", supplier=supplier), parts.subsidy),
            (account("1320C", supplier=supplier), parts.deposit),
        ),
        credit=(
            (account("2410S", **pending), parts.subsidy),
            (account("2410C", **pending), parts.deposit),
        ),
        answer=answer_of(parts),
        voucher_move=VoucherMove(terms.voucher, supplier, "agree", amount),
    )


def collect_refund(
    stamp: Stamp,
    terms: Terms,
    *,
    supplier: UUID,
    subsidy: int,
    own: int,
    cash: bool = False,
    organisation: UUID | None = None,
    into: Journals = POSTGRES,
) -> Posted:
    """P13b: by offset against the supplier's payable (same fund only), or in cash.

    May be partial, per part; `own` is own part and VAT. The deposit part returns to the
    voucher, or to `organisation` (2600) when the voucher is closed.
    """
    subsidy = amount_or_zero(subsidy, whole=True)
    own = amount_or_zero(own, whole=True)
    amount_of(subsidy + own)
    content: Named = {
        "supplier": str(supplier),
        "subsidy": subsidy,
        "own": own,
        "cash": int(cash),
        "organisation": str(organisation or ""),
    }
    request = request_on(Kind.COLLECT_REFUND, stamp, terms, content)
    sources = _cash(terms) if cash else _payable(supplier)
    deposit = (
        account("2600", organisation=organisation)
        if organisation
        else account("2200", voucher=terms.voucher)
    )

    def build(facts: Facts) -> Draft:
        budget = release_account(facts, terms)
        return _collect_draft(
            request, terms, supplier, subsidy, own, (*sources, budget, deposit)
        )

    ask = Ask(locks=(terms.voucher,), wallets=(terms.voucher,))
    return read_then_write(request, into, ask, build)[0]


def _cash(terms: Terms) -> tuple[Account, Account]:
    return (
        account("1100", programme_year=terms.programme_year),
        account("1110", programme=terms.programme),
    )


def _payable(supplier: UUID) -> tuple[Account, Account]:
    return account("2310S", supplier=supplier), account("2310C", supplier=supplier)


def _collect_draft(
    request: Request,
    terms: Terms,
    supplier: UUID,
    subsidy: int,
    own: int,
    between: tuple[Account, Account, Account, Account],
) -> Draft:
    from_subsidy, from_own, budget, deposit = between
    pending = {"supplier": supplier, "voucher": terms.voucher}
    return request.draft(
        debit=(
            (from_subsidy, subsidy),
            (from_own, own),
            (account("2410S", **pending), subsidy),
            (account("2410C", **pending), own),
            (account("4190", voucher=terms.voucher), subsidy),
            (account("B500", voucher=terms.voucher), subsidy),
        ),
        credit=(
            (account("1320S", supplier=supplier), subsidy),
            (account("1320C", supplier=supplier), own),
            (account("5190", voucher=terms.voucher), subsidy),
            (account("2100", programme_year=terms.programme_year), subsidy),
            (budget, subsidy),
            (deposit, own),
        ),
    )


def write_off_refund(
    stamp: Stamp,
    terms: Terms,
    *,
    supplier: UUID,
    subsidy: int,
    own: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P13w 환불 결손: what of an agreed refund never comes, by part. `own` is own part and VAT.

    The reverse of P13a for what is not collected: the subsidy stays consumed, the own part
    stays paid.
    """
    subsidy = amount_or_zero(subsidy, whole=True)
    own = amount_or_zero(own, whole=True)
    amount_of(subsidy + own)
    content: Named = {"supplier": str(supplier), "subsidy": subsidy, "own": own}
    request = request_on(Kind.WRITE_OFF_REFUND, stamp, terms, content)
    claim, pending = _claim_and_pending(terms, supplier, subsidy, own)

    def build(facts: Facts) -> Draft:
        facts.wallet_of(terms)
        return request.draft(debit=pending, credit=claim)

    ask = Ask(locks=(terms.voucher,), wallets=(terms.voucher,))
    return read_then_write(request, into, ask, build)[0]


def revive_refund(
    stamp: Stamp,
    terms: Terms,
    *,
    supplier: UUID,
    subsidy: int,
    own: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P13r 환불 결손 취소: the supplier pays after all, so the claim stands again.

    Refused where the subsidy was taken back in another way meanwhile (P20).
    """
    subsidy = amount_or_zero(subsidy, whole=True)
    own = amount_or_zero(own, whole=True)
    amount_of(subsidy + own)
    content: Named = {"supplier": str(supplier), "subsidy": subsidy, "own": own}
    request = request_on(Kind.REVIVE_REFUND, stamp, terms, content)
    claim, pending = _claim_and_pending(terms, supplier, subsidy, own)

    def build(facts: Facts) -> Draft:
        facts.wallet_of(terms)
        settled = settled_subsidy(facts, terms.voucher)
        if subsidy > settled:
            raise errors.RefundExceeded(needed=subsidy, available=settled)
        return request.draft(debit=claim, credit=pending)

    ask = Ask(locks=(terms.voucher,), wallets=(terms.voucher,), voucher_sums=(terms.voucher,))
    return read_then_write(request, into, ask, build)[0]


def _claim_and_pending(
    terms: Terms, supplier: UUID, subsidy: int, own: int
) -> tuple[Amounts, Amounts]:
    waits = {"supplier": supplier, "voucher": terms.voucher}
    claim = (
        (account("1320S", supplier=supplier), subsidy),
        (account("1320C", supplier=supplier), own),
    )
    return claim, ((account("2410S", **waits), subsidy), (account("2410C", **waits), own))
