"""From accrual to payment: P11, P12, P12h, P16, P25."""

from __future__ import annotations

from uuid import UUID

from madang.core.money import floor_to_won
from madang.ledger import errors
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import Account, account
from madang.ledger.draft import (
    Answer,
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
    answer_of,
    read_then_write,
    request_for,
    request_on,
    write_at_once,
)
from madang.ledger.rounding import cut_statement
from madang.ledger.types import Frozen, Moved, Parts, PayoutOrder, Posted, Stamp, Terms


def _accruals(terms: Terms, supplier: UUID) -> tuple[Account, Account, Account]:
    subsidy, own, vat = (
        account(code, supplier=supplier, voucher=terms.voucher)
        for code in ("2300S", "2300C", "2300V")
    )
    return subsidy, own, vat


def freeze_statement(
    stamp: Stamp, terms: Terms, *, supplier: UUID, into: Journals = POSTGRES
) -> Frozen:
    """P11 정산확정 for one voucher: everything accrued at a supplier, in whole won.

    The residue stays accrued and rolls into the next statement. When less than a won is
    accrued nothing is posted: `posted.journal` is None and every part is 0.
    """
    accruals = _accruals(terms, supplier)
    request = request_on(Kind.FREEZE_STATEMENT, stamp, terms, {"supplier": str(supplier)})

    def build(facts: Facts) -> Draft:
        facts.wallet_of(terms)
        accrued = Parts(*(facts.balance(a) for a in accruals))
        cut = cut_statement(accrued, terms.vat)
        return _statement_draft(request, terms, supplier, cut.whole, cut.residue)

    ask = Ask(
        locks=(terms.voucher,),
        pairs=((terms.voucher, supplier),),
        accounts=accruals,
        wallets=(terms.voucher,),
    )
    posted, answer = read_then_write(request, into, ask, build)
    return _frozen(posted, answer)


def _statement_draft(
    request: Request, terms: Terms, supplier: UUID, whole: Parts, residue: Parts
) -> Draft:
    subsidy, own, vat = _accruals(terms, supplier)
    mark = VoucherMove(terms.voucher, supplier, "freeze", whole.supply)
    return request.draft(
        debit=((subsidy, whole.subsidy), (own, whole.own), (vat, whole.vat)),
        credit=(
            (account("2310S", supplier=supplier), whole.subsidy),
            (account("2310C", supplier=supplier), whole.deposit),
        ),
        answer={**answer_of(whole), **_carried(residue)},
        voucher_move=mark if whole.total else None,
    )


def _carried(residue: Parts) -> dict[str, int]:
    return {f"carried_{name}": amount for name, amount in answer_of(residue).items()}


def _frozen(posted: Posted, answer: Answer) -> Frozen:
    names = ("subsidy", "own", "vat")
    return Frozen(
        posted,
        Parts(*(answer[name] for name in names)),
        Parts(*(answer[f"carried_{name}"] for name in names)),
    )


def freeze_programme_borne(
    stamp: Stamp, *, programme_year: UUID, supplier: UUID, into: Journals = POSTGRES
) -> Frozen:
    """P11, the programme-borne line: Pw = ⌊2300P⌋ becomes payable from the subsidy account."""
    accrual = account("2300P", supplier=supplier)
    request = request_for(
        Kind.FREEZE_PROGRAMME_BORNE,
        stamp,
        programme_year,
        {"programme_year": programme_year, "supplier": supplier},
    )

    def build(facts: Facts) -> Draft:
        accrued = facts.balance(accrual)
        whole = floor_to_won(accrued)
        return request.draft(
            debit=((accrual, whole),),
            credit=((account("2310S", supplier=supplier), whole),),
            answer={
                **answer_of(Parts(whole, 0, 0)),
                **_carried(Parts(accrued - whole, 0, 0)),
            },
        )

    ask = Ask(locks=(supplier,), accounts=(accrual,))
    posted, answer = read_then_write(request, into, ask, build)
    return _frozen(posted, answer)


def _payout(
    kind: Kind,
    stamp: Stamp,
    order: PayoutOrder,
    into: Journals,
    debit: tuple[Account, Account],
    credit: tuple[Account, Account],
) -> Posted:
    subsidy = amount_or_zero(order.subsidy, whole=True)
    own = amount_or_zero(order.own, whole=True)
    amount_of(subsidy + own)
    content: Named = {
        "payout": order.payout,
        "supplier": order.supplier,
        "programme": order.programme,
        "subsidy": subsidy,
        "own": own,
    }
    return write_at_once(
        request_for(kind, stamp, order.programme_year, content),
        into,
        debit=((debit[0], subsidy), (debit[1], own)),
        credit=((credit[0], subsidy), (credit[1], own)),
    )


def _two(code: str, **dimension: UUID) -> tuple[Account, Account]:
    return account(code + "S", **dimension), account(code + "C", **dimension)


def send_payout(stamp: Stamp, order: PayoutOrder, *, into: Journals = POSTGRES) -> Posted:
    """P12 지급: the order is with the bank. Refused beyond what is payable."""
    payable, transit = _two("2310", supplier=order.supplier), _two("2320", payout=order.payout)
    return _payout(Kind.SEND_PAYOUT, stamp, order, into, payable, transit)


def confirm_payout(stamp: Stamp, order: PayoutOrder, *, into: Journals = POSTGRES) -> Posted:
    """P12 지급완료: the bank has paid. Same order as at sending."""
    transit = _two("2320", payout=order.payout)
    return _payout(Kind.CONFIRM_PAYOUT, stamp, order, into, transit, _banks(order))


def bounce_payout(stamp: Stamp, order: PayoutOrder, *, into: Journals = POSTGRES) -> Posted:
    """P12b 지급 반송: the bank had paid and the money came back. Payable again."""
    payable = _two("2310", supplier=order.supplier)
    return _payout(Kind.BOUNCE_PAYOUT, stamp, order, into, _banks(order), payable)


def _banks(order: PayoutOrder) -> tuple[Account, Account]:
    return (
        account("1100", programme_year=order.programme_year),
        account("1110", programme=order.programme),
    )


def fail_payout(stamp: Stamp, order: PayoutOrder, *, into: Journals = POSTGRES) -> Posted:
    """P12 지급실패: payable again. A retry is a new payout under a new id."""
    payable, transit = _two("2310", supplier=order.supplier), _two("2320", payout=order.payout)
    return _payout(Kind.FAIL_PAYOUT, stamp, order, into, transit, payable)


def hold_payout(
    stamp: Stamp,
    *,
    programme_year: UUID,
    supplier: UUID,
    case: UUID,
    subsidy: int,
    own: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P12h 지급보류, for a case."""
    order = PayoutOrder(case, supplier, programme_year, case, subsidy, own)
    held = _two("2330", supplier=supplier, case=case)
    return _payout(Kind.HOLD_PAYOUT, stamp, order, into, _two("2310", supplier=supplier), held)


def release_payout(
    stamp: Stamp,
    *,
    programme_year: UUID,
    supplier: UUID,
    case: UUID,
    subsidy: int,
    own: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P12h 보류해제."""
    order = PayoutOrder(case, supplier, programme_year, case, subsidy, own)
    held = _two("2330", supplier=supplier, case=case)
    return _payout(
        Kind.RELEASE_PAYOUT, stamp, order, into, held, _two("2310", supplier=supplier)
    )


def release_residue(
    stamp: Stamp, terms: Terms, *, supplier: UUID, into: Journals = POSTGRES
) -> Frozen:
    """P16 단수정리 at final close: what no statement will take returns to budget and deposit.

    Refused before the voucher ended, while a whole won is accrued (make the last statement)
    or a lease is open: after this nothing is captured, refunded or stated any more.
    `parts` is what was released.
    """
    accruals = _accruals(terms, supplier)
    request = request_on(Kind.RELEASE_RESIDUE, stamp, terms, {"supplier": str(supplier)})

    def build(facts: Facts) -> Draft:
        if not facts.wallet_of(terms).expired:
            raise errors.VoucherActive(voucher=str(terms.voucher))
        pair = facts.pair(terms.voucher, supplier)
        residue = Parts(*(facts.balance(a) for a in accruals))
        if pair.promised != pair.captured:
            raise errors.HoldOpen(held=pair.promised - pair.captured)
        if cut_statement(residue, terms.vat).whole.total:
            raise errors.StatementDue(supplier=str(supplier))
        return _residue_draft(request, terms, supplier, residue)

    ask = Ask(
        locks=(terms.voucher,),
        pairs=((terms.voucher, supplier),),
        accounts=accruals,
        wallets=(terms.voucher,),
    )
    posted, answer = read_then_write(request, into, ask, build)
    return _frozen(posted, answer)


def _residue_draft(request: Request, terms: Terms, supplier: UUID, residue: Parts) -> Draft:
    subsidy, own, vat = _accruals(terms, supplier)
    voucher = terms.voucher
    return request.draft(
        debit=(
            (subsidy, residue.subsidy),
            (own, residue.own),
            (vat, residue.vat),
            (account("4100", voucher=voucher), residue.subsidy),
            (account("B500", voucher=voucher), residue.subsidy),
        ),
        credit=(
            (account("5100", voucher=voucher), residue.subsidy),
            (account("2100", programme_year=terms.programme_year), residue.subsidy),
            (account("B600", voucher=voucher), residue.subsidy),
            (account("2200", voucher=voucher), residue.deposit),
        ),
        answer={**answer_of(residue), **_carried(Parts(0, 0, 0))},
        voucher_move=VoucherMove(terms.voucher, supplier, "freeze", 0),
    )


def programme_borne(
    stamp: Stamp,
    *,
    programme_year: UUID,
    supplier: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> Posted:
    """P25 사업부담: the programme bears a usage that no voucher may (with its VAT, if any)."""
    amount = amount_of(amount)
    content: Named = {"programme_year": programme_year, "supplier": supplier, "amount": amount}
    year = {"programme_year": programme_year}
    return write_at_once(
        request_for(Kind.PROGRAMME_BORNE, stamp, programme_year, content),
        into,
        debit=(
            (account("B200", **year), amount),
            (account("5200", programme_year=programme_year, supplier=supplier), amount),
            (account("2100", **year), amount),
        ),
        credit=(
            (account("B520", **year), amount),
            (account("4100", **year), amount),
            (account("2300P", supplier=supplier), amount),
        ),
    )


def release_programme_residue(
    stamp: Stamp, *, programme_year: UUID, supplier: UUID, into: Journals = POSTGRES
) -> Moved:
    """At close: the residue of 2300P, less than a won, is booked back as P25 reversed."""
    accrual = account("2300P", supplier=supplier)
    year = {"programme_year": programme_year}
    request = request_for(
        Kind.RELEASE_PROGRAMME_RESIDUE,
        stamp,
        programme_year,
        {"programme_year": programme_year, "supplier": supplier},
    )

    def build(facts: Facts) -> Draft:
        rest = facts.balance(accrual)
        if floor_to_won(rest):
            raise errors.StatementDue(supplier=str(supplier))
        cost = account("5200", programme_year=programme_year, supplier=supplier)
        return request.draft(
            debit=(
                (accrual, rest),
                (account("4100", **year), rest),
                (account("B520", **year), rest),
            ),
            credit=(
                (cost, rest),
                (account("2100", **year), rest),
                (account("B200", **year), rest),
            ),
            answer={"amount": rest},
        )

    posted, answer = read_then_write(
        request, into, Ask(locks=(supplier,), accounts=(accrual,)), build
    )
    return Moved(posted, answer["amount"])
