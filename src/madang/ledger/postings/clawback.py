"""Clawback: P20 decides, P21 collects, remits, sets off or writes off."""

from __future__ import annotations

from dataclasses import replace
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
    Named,
    move,
    on_wallet,
    read_then_write,
    request_for,
    request_on,
    write_at_once,
)
from madang.ledger.postings.refunds import settled_subsidy
from madang.ledger.types import Moved, Posted, Stamp, Terms


def decide_clawback(
    stamp: Stamp,
    terms: Terms,
    *,
    case: UUID,
    principal: int,
    surcharge: int = 0,
    chain: UUID | None = None,
    into: Journals = POSTGRES,
) -> Moved:
    """P20 환수 결정: settled subsidy is owed back, with a surcharge; the voucher ends.

    Takes back settled money only: what is in no statement yet goes back by P10. `amount` of
    the answer is the unused rest that left the voucher. `chain` is the open year that books
    it where the voucher's own is closed.
    """
    principal = amount_of(principal, whole=True)
    surcharge = amount_or_zero(surcharge, whole=True)
    content: Named = {"case": str(case), "amount": principal, "surcharge": surcharge}
    request = request_on(Kind.DECIDE_CLAWBACK, stamp, terms, content)
    request = replace(request, chain=chain or request.chain)
    available = account("B400", voucher=terms.voucher)

    def build(facts: Facts) -> Draft:
        facts.wallet_of(terms)
        settled = settled_subsidy(facts, terms.voucher)
        if principal > settled:
            raise errors.ClawbackExceeded(needed=principal, available=settled)
        rest = facts.balance(available)
        return _decision(
            request,
            {"voucher": terms.voucher},
            case,
            rest=(available, rest),
            end=on_wallet(terms, "expire", 0),
        )

    ask = Ask(
        locks=(terms.voucher,),
        accounts=(available,),
        wallets=(terms.voucher,),
        voucher_sums=(terms.voucher,),
    )
    posted, answer = read_then_write(request, into, ask, build)
    return Moved(posted, answer["amount"])


def decide_award_clawback(
    stamp: Stamp,
    *,
    programme_year: UUID,
    award: UUID,
    case: UUID,
    principal: int,
    surcharge: int = 0,
    into: Journals = POSTGRES,
) -> Moved:
    """P20 for an award that is paid by milestones (P24): the unused rest lies in B310."""
    principal = amount_of(principal, whole=True)
    surcharge = amount_or_zero(surcharge, whole=True)
    content: Named = {"award": award, "case": case, "amount": principal, "surcharge": surcharge}
    request = request_for(Kind.DECIDE_CLAWBACK, stamp, programme_year, content)
    unused, consumed = account("B310", award=award), account("B500", award=award)

    def build(facts: Facts) -> Draft:
        paid = facts.balance(consumed)
        if principal > paid:
            raise errors.ClawbackExceeded(needed=principal, available=paid)
        rest = facts.balance(unused)
        return _decision(request, {"award": award}, case, rest=(unused, rest), end=None)

    ask = Ask(locks=(award,), accounts=(unused, consumed))
    posted, answer = read_then_write(request, into, ask, build)
    return Moved(posted, answer["amount"])


def _decision(
    request: Request,
    subject: dict[str, UUID],
    case: UUID,
    *,
    rest: tuple[Account, int],
    end: VoucherMove | None,
) -> Draft:
    principal, surcharge = int(request.content["amount"]), int(request.content["surcharge"])
    return request.draft(
        debit=(
            (account("1300", case=case), principal),
            (account("4190", **subject), principal),
            (account("1310", case=case), surcharge),
            (account("B500", **subject), principal),
            rest,
        ),
        credit=(
            (account("5190", **subject), principal),
            (account("2520", case=case), principal),
            (account("2530", case=case), surcharge),
            (account("B650", **subject), principal),
            (account("B600", **subject), rest[1]),
        ),
        answer={"amount": rest[1]},
        voucher_move=end,
    )


def _case_request(
    kind: Kind, stamp: Stamp, programme_year: UUID, case: UUID, principal: int, surcharge: int
) -> Request:
    subsidy = amount_or_zero(principal, whole=True)
    extra = amount_or_zero(surcharge, whole=True)
    amount_of(subsidy + extra)
    content: Named = {"case": case, "amount": principal, "surcharge": surcharge}
    return request_for(kind, stamp, programme_year, content)


def collect_clawback(
    stamp: Stamp,
    *,
    programme_year: UUID,
    case: UUID,
    principal: int,
    surcharge: int = 0,
    into: Journals = POSTGRES,
) -> Posted:
    """P21 환수 수납: in cash, also in instalments."""
    return write_at_once(
        _case_request(Kind.COLLECT_CLAWBACK, stamp, programme_year, case, principal, surcharge),
        into,
        debit=((account("1100", programme_year=programme_year), principal + surcharge),),
        credit=(
            (account("1300", case=case), principal),
            (account("1310", case=case), surcharge),
        ),
    )


def remit_clawback(
    stamp: Stamp,
    *,
    programme_year: UUID,
    case: UUID,
    principal: int,
    surcharge: int = 0,
    into: Journals = POSTGRES,
) -> Posted:
    """P21 환수 세입: to the treasury."""
    return write_at_once(
        _case_request(Kind.REMIT_CLAWBACK, stamp, programme_year, case, principal, surcharge),
        into,
        debit=(
            (account("2520", case=case), principal),
            (account("2530", case=case), surcharge),
        ),
        credit=((account("1100", programme_year=programme_year), principal + surcharge),),
    )


def set_off_clawback(
    stamp: Stamp,
    *,
    programme_year: UUID,
    case: UUID,
    supplier: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P21 환수 상계: only where the debtor of the case is that supplier; the caller knows."""
    return move(
        Kind.SET_OFF_CLAWBACK, stamp, programme_year, into,
        debit=account("2310S", supplier=supplier),
        credit=account("1300", case=case),
        amount=amount, case=case, supplier=supplier,
    )  # fmt: skip


def write_off_clawback(
    stamp: Stamp,
    *,
    programme_year: UUID,
    case: UUID,
    principal: int,
    surcharge: int = 0,
    into: Journals = POSTGRES,
) -> Posted:
    """P21 환수 결손: it will not be collected, so it is not owed to the treasury either."""
    return write_at_once(
        _case_request(
            Kind.WRITE_OFF_CLAWBACK, stamp, programme_year, case, principal, surcharge
        ),
        into,
        debit=(
            (account("2520", case=case), principal),
            (account("2530", case=case), surcharge),
        ),
        credit=(
            (account("1300", case=case), principal),
            (account("1310", case=case), surcharge),
        ),
    )
