"""A lease on a voucher at a supplier, and refunds before the statement: P7 to P10.

Two counters per voucher and supplier carry all: Gs, what was captured, and Ys = Gs + what
open leases still hold. P7 moves Ys up, P8 moves Gs up, P9 moves Ys down, P10 moves both
down; each posts the differences of the cumulative parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from madang.ledger import errors
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.chart import Account, account
from madang.ledger.draft import (
    Ask,
    Draft,
    Facts,
    HoldMove,
    Journals,
    Lease,
    NewHold,
    Request,
    VoucherMove,
    amount_of,
    amount_or_zero,
    time_text,
)
from madang.ledger.kinds import Kind
from madang.ledger.postings._drive import (
    Named,
    Step,
    answer_of,
    parts_of,
    read_then_write,
    read_then_write_many,
    request_on,
)
from madang.ledger.rounding import parts_between
from madang.ledger.types import (
    Captured,
    CaptureOrder,
    Held,
    HoldOrder,
    Refunded,
    Resolution,
    Resolved,
    Stamp,
    Terms,
)


def _of(code: str, terms: Terms) -> Account:
    return account(code, voucher=terms.voucher)


def _accrued(code: str, terms: Terms, supplier: UUID) -> Account:
    return account(code, supplier=supplier, voucher=terms.voucher)


def is_spendable_again(facts: Facts, terms: Terms) -> bool:
    """True while the voucher lives: a release returns to B400, afterwards to B600."""
    return not facts.wallet_of(terms).expired and terms.active


def release_account(facts: Facts, terms: Terms) -> Account:
    return _of("B400" if is_spendable_again(facts, terms) else "B600", terms)


def lock(owners: Sequence[UUID], *, into: Journals = POSTGRES) -> None:
    """Take the locks of many vouchers (or grants) at once, in their one order.

    For a transaction that makes several postings on several vouchers: locked first, no two
    such transactions wait for each other in a circle.
    """
    into.read(Ask(locks=tuple(owners)))


def hold(
    stamp: Stamp,
    terms: Terms,
    *,
    supplier: UUID,
    hold_id: UUID,
    amount: int,
    expires_at: datetime,
    into: Journals = POSTGRES,
) -> Held:
    """P7 예약: grant a lease. Refused exactly when its parts exceed B400 or 2200, or the
    voucher is not active."""
    order = HoldOrder(stamp, terms, supplier, hold_id, amount, expires_at)
    return hold_many((order,), into=into)[0]


def hold_many(orders: Sequence[HoldOrder], *, into: Journals = POSTGRES) -> list[Held]:
    """P7 for a whole batch: two round trips however many leases, all of them or none."""
    done = read_then_write_many([_hold_step(one) for one in orders], into, _hold_ask(orders))
    return [Held(posted, parts_of(answer)) for posted, answer in done]


def _hold_step(order: HoldOrder) -> Step:
    terms, amount = order.terms, amount_of(order.amount)
    content: Named = {
        "supplier": str(order.supplier),
        "hold_id": str(order.hold_id),
        "amount": amount,
        "expires_at": time_text(order.expires_at),
    }
    request = request_on(Kind.HOLD, order.stamp, terms, content)
    new = NewHold(order.hold_id, terms.voucher, order.supplier, None, amount, order.expires_at)
    return request, lambda facts: _hold_draft(request, facts, terms, new)


def _hold_ask(orders: Sequence[HoldOrder]) -> Ask:
    vouchers = {order.terms.voucher: order.terms for order in orders}
    pairs = {(order.terms.voucher, order.supplier): None for order in orders}
    return Ask(
        locks=tuple(vouchers),
        pairs=tuple(pairs),
        holds=tuple({order.hold_id: None for order in orders}),
        accounts=tuple(_of(c, t) for t in vouchers.values() for c in ("B400", "2200")),
        wallets=tuple(vouchers),
    )


def _hold_draft(request: Request, facts: Facts, terms: Terms, new: NewHold) -> Draft:
    assert new.supplier is not None
    if not is_spendable_again(facts, terms):
        raise errors.HoldInactive(voucher=str(terms.voucher))
    if new.id in facts.leases:
        raise errors.HoldExists(hold=str(new.id))
    promised = facts.pair(terms.voucher, new.supplier).promised
    parts = parts_between(terms, promised, promised + new.amount)
    _refuse_beyond(facts, _of("B400", terms), parts.subsidy)
    _refuse_beyond(facts, _of("2200", terms), parts.deposit)
    return request.draft(
        debit=((_of("B400", terms), parts.subsidy), (_of("2200", terms), parts.deposit)),
        credit=((_of("B410", terms), parts.subsidy), (_of("2210", terms), parts.deposit)),
        answer=answer_of(parts),
        hold=new,
    )


def _refuse_beyond(facts: Facts, from_account: Account, needed: int) -> None:
    available = facts.balance(from_account)
    if needed > available:
        raise errors.Overdrawn(account=from_account.code, needed=needed, available=available)
    facts.balances[from_account.key] = available - needed  # for the next of the same batch


def capture(
    stamp: Stamp,
    terms: Terms,
    *,
    supplier: UUID,
    hold_id: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> Captured:
    """P8 차감: take `amount` from an open lease; the rest stays held.

    `amount` is the sum of the charges that name this journal. A lease is captured any number
    of times, also after its voucher expired.
    """
    order = CaptureOrder(stamp, terms, supplier, hold_id, amount)
    return capture_many((order,), into=into)[0]


def capture_many(
    orders: Sequence[CaptureOrder], *, into: Journals = POSTGRES
) -> list[Captured]:
    """P8 for a whole batch: two round trips however many captures, all of them or none.

    Several captures of one voucher, supplier or lease are taken in the order given. A
    refusal's fields carry the `id` of the stamp that was refused.
    """
    steps = [_capture_step(order) for order in orders]
    done = read_then_write_many(steps, into, _capture_ask(orders))
    return [Captured(posted, parts_of(answer)) for posted, answer in done]


def _capture_step(order: CaptureOrder) -> Step:
    request = _capture_request(order)
    return request, lambda facts: _capture_draft(request, facts, order)


def _capture_request(order: CaptureOrder) -> Request:
    content: Named = {
        "supplier": str(order.supplier),
        "hold_id": str(order.hold_id),
        "amount": amount_or_zero(order.amount),
    }
    return request_on(Kind.CAPTURE, order.stamp, order.terms, content)


def _capture_ask(orders: Sequence[CaptureOrder]) -> Ask:
    vouchers = {order.terms.voucher: None for order in orders}
    pairs = {(order.terms.voucher, order.supplier): None for order in orders}
    return Ask(
        locks=tuple(vouchers),
        ids=tuple(order.stamp.id for order in orders),
        pairs=tuple(pairs),
        holds=tuple({order.hold_id: None for order in orders}),
        wallets=tuple(vouchers),
    )


def _capture_draft(request: Request, facts: Facts, order: CaptureOrder) -> Draft:
    terms, supplier, amount = order.terms, order.supplier, order.amount
    facts.wallet_of(terms)
    lease = open_lease(facts, order.hold_id, terms.voucher, supplier, id=order.stamp.id)
    if amount > lease.left:
        raise errors.HoldExceeded(
            id=order.stamp.id, hold=str(lease.id), needed=amount, available=lease.left
        )
    captured = facts.pair(terms.voucher, supplier).captured
    parts = parts_between(terms, captured, captured + amount)
    return request.draft(
        debit=(
            (_of("B410", terms), parts.subsidy),
            (_of("2210", terms), parts.deposit),
            (_of("5100", terms), parts.subsidy),
            (account("2100", programme_year=terms.programme_year), parts.subsidy),
        ),
        credit=(
            (_of("B500", terms), parts.subsidy),
            (_accrued("2300S", terms, supplier), parts.subsidy),
            (_accrued("2300C", terms, supplier), parts.own),
            (_accrued("2300V", terms, supplier), parts.vat),
            (_of("4100", terms), parts.subsidy),
        ),
        answer=answer_of(parts),
        hold_move=HoldMove(lease.id, "capture", amount),
    )


def open_lease(
    facts: Facts, hold_id: UUID, owner: UUID, supplier: UUID | None, *, id: str
) -> Lease:
    lease = facts.lease(hold_id)
    if lease.owner != owner or lease.supplier != supplier:
        raise errors.HoldOfAnother(id=id, hold=str(hold_id))
    if lease.resolution is not None:
        raise errors.HoldResolved(id=id, hold=str(hold_id), resolution=lease.resolution)
    return lease


def resolve(
    stamp: Stamp, terms: Terms, *, hold_id: UUID, kind: Resolution, into: Journals = POSTGRES
) -> Resolved:
    """P9 예약해제, once per lease: what it still holds returns to the voucher, or to B600."""
    content: Named = {"hold_id": str(hold_id), "resolution": kind}
    request = request_on(Kind.RESOLVE, stamp, terms, content)
    ask = Ask(locks=(terms.voucher,), holds=(hold_id,), wallets=(terms.voucher,))
    posted, answer = read_then_write(
        request, into, ask, lambda facts: _resolve_draft(request, facts, terms, hold_id, kind)
    )
    return Resolved(posted, parts_of(answer))


def _resolve_draft(
    request: Request, facts: Facts, terms: Terms, hold_id: UUID, kind: Resolution
) -> Draft:
    supplier = facts.lease(hold_id).supplier
    lease = open_lease(facts, hold_id, terms.voucher, supplier, id=request.stamp.id)
    if supplier is None:
        raise errors.HoldOfAnother(id=request.stamp.id, hold=str(hold_id))
    promised = facts.pair(terms.voucher, supplier).promised
    parts = parts_between(terms, promised - lease.left, promised)
    return request.draft(
        debit=((_of("B410", terms), parts.subsidy), (_of("2210", terms), parts.deposit)),
        credit=(
            (release_account(facts, terms), parts.subsidy),
            (_of("2200", terms), parts.deposit),
        ),
        answer=answer_of(parts),
        hold_move=HoldMove(hold_id, kind, lease.left),
    )


def refund(
    stamp: Stamp, terms: Terms, *, supplier: UUID, amount: int, into: Journals = POSTGRES
) -> Refunded:
    """P10 취소: take back what was captured at a supplier since its last statement.

    Both counters move down, so an open hold may be re-rounded by at most one micro-won per
    part: its legs change side when negative.
    """
    amount = amount_of(amount)
    request = request_on(
        Kind.REFUND, stamp, terms, {"supplier": str(supplier), "amount": amount}
    )
    ask = Ask(
        locks=(terms.voucher,), pairs=((terms.voucher, supplier),), wallets=(terms.voucher,)
    )
    posted, answer = read_then_write(
        request, into, ask, lambda facts: _refund_draft(request, facts, terms, supplier, amount)
    )
    return Refunded(posted, parts_of(answer))


def _refund_draft(
    request: Request, facts: Facts, terms: Terms, supplier: UUID, amount: int
) -> Draft:
    pair = facts.pair(terms.voucher, supplier)
    if amount > pair.captured - pair.stated:
        raise errors.RefundExceeded(needed=amount, available=pair.captured - pair.stated)
    taken = parts_between(terms, pair.captured - amount, pair.captured)
    freed = parts_between(terms, pair.promised - amount, pair.promised)
    budget, deposit = taken.subsidy - freed.subsidy, taken.deposit - freed.deposit
    return request.draft(
        debit=(
            (_accrued("2300S", terms, supplier), taken.subsidy),
            (_accrued("2300C", terms, supplier), taken.own),
            (_accrued("2300V", terms, supplier), taken.vat),
            (_of("4100", terms), taken.subsidy),
            (_of("B500", terms), taken.subsidy),
            (_of("B410", terms), max(-budget, 0)),
            (_of("2210", terms), max(-deposit, 0)),
        ),
        credit=(
            (_of("5100", terms), taken.subsidy),
            (account("2100", programme_year=terms.programme_year), taken.subsidy),
            (release_account(facts, terms), freed.subsidy),
            (_of("2200", terms), freed.deposit),
            (_of("B410", terms), max(budget, 0)),
            (_of("2210", terms), max(deposit, 0)),
        ),
        answer=answer_of(taken),
        voucher_move=VoucherMove(terms.voucher, supplier, "refund", amount),
    )
