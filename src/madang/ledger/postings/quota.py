"""Book Q: quota of a compute grant, in whole units. No split, no rounding."""

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
    NewHold,
    Request,
    amount_of,
    amount_or_zero,
    time_text,
)
from madang.ledger.kinds import Kind
from madang.ledger.postings._drive import (
    Named,
    Step,
    read_then_write,
    read_then_write_many,
    request_for,
    write_at_once,
)
from madang.ledger.postings.leases import open_lease
from madang.ledger.types import Moved, Posted, Quota, QuotaHold, QuotaUse, Resolution, Stamp


def _of(code: str, quota: Quota) -> Account:
    return account(code, grant=quota.grant, unit=quota.unit)


def _request(kind: Kind, stamp: Stamp, quota: Quota, **content: str | int | UUID) -> Request:
    grant: Named = {"grant": quota.grant, "unit": quota.unit}
    return request_for(kind, stamp, quota.programme_year, {**grant, **content})


def grant_quota(
    stamp: Stamp, quota: Quota, *, amount: int, into: Journals = POSTGRES
) -> Posted:
    """Q1 할당: also a further tranche."""
    amount = amount_of(amount)
    return write_at_once(
        _request(Kind.GRANT_QUOTA, stamp, quota, amount=amount),
        into,
        debit=((_of("Q100", quota), amount),),
        credit=((_of("Q400", quota), amount),),
    )


def hold_quota(
    stamp: Stamp,
    quota: Quota,
    *,
    hold_id: UUID,
    amount: int,
    expires_at: datetime,
    into: Journals = POSTGRES,
) -> Posted:
    """Q2: a lease on quota, with the same life as one on a voucher."""
    order = QuotaHold(stamp, quota, hold_id, amount, expires_at)
    return hold_quota_many((order,), into=into)[0]


def hold_quota_many(orders: Sequence[QuotaHold], *, into: Journals = POSTGRES) -> list[Posted]:
    """Q2 for a whole batch: two round trips however many leases, all of them or none."""
    ask = Ask(
        locks=tuple({order.quota.grant: None for order in orders}),
        holds=tuple({order.hold_id: None for order in orders}),
    )
    done = read_then_write_many([_hold_step(order) for order in orders], into, ask)
    return [posted for posted, _ in done]


def _hold_step(order: QuotaHold) -> Step:
    amount, quota, hold_id = amount_of(order.amount), order.quota, order.hold_id
    request = _request(
        Kind.HOLD_QUOTA, order.stamp, quota, hold_id=hold_id, amount=amount,
        expires_at=time_text(order.expires_at),
    )  # fmt: skip

    def build(facts: Facts) -> Draft:
        if not quota.active:
            raise errors.HoldInactive(voucher=str(quota.grant))
        if hold_id in facts.leases:
            raise errors.HoldExists(hold=str(hold_id))
        return request.draft(
            debit=((_of("Q400", quota), amount),),
            credit=((_of("Q410", quota), amount),),
            hold=NewHold(hold_id, quota.grant, None, quota.unit, amount, order.expires_at),
        )

    return request, build


def _open_quota_lease(facts: Facts, hold_id: UUID, quota: Quota, *, id: str) -> int:
    lease = open_lease(facts, hold_id, quota.grant, None, id=id)
    if lease.unit != quota.unit:
        raise errors.HoldOfAnother(id=id, hold=str(hold_id))
    return lease.left


def capture_quota(
    stamp: Stamp, quota: Quota, *, hold_id: UUID, amount: int, into: Journals = POSTGRES
) -> Posted:
    """Q3: any number of times while the lease is open."""
    step = _capture_step(stamp, quota, hold_id, amount)
    return read_then_write_many([step], into, _of_hold(quota, hold_id))[0][0]


def _capture_step(stamp: Stamp, quota: Quota, hold_id: UUID, amount: int) -> Step:
    amount = amount_or_zero(amount)
    request = _request(Kind.CAPTURE_QUOTA, stamp, quota, hold_id=hold_id, amount=amount)

    def build(facts: Facts) -> Draft:
        left = _open_quota_lease(facts, hold_id, quota, id=stamp.id)
        if amount > left:
            raise errors.HoldExceeded(
                id=stamp.id, hold=str(hold_id), needed=amount, available=left
            )
        return request.draft(
            debit=((_of("Q410", quota), amount),),
            credit=((_of("Q500", quota), amount),),
            hold_move=HoldMove(hold_id, "capture", amount),
        )

    return request, build


def _of_hold(quota: Quota, hold_id: UUID) -> Ask:
    return Ask(locks=(quota.grant,), holds=(hold_id,))


def resolve_quota(
    stamp: Stamp, quota: Quota, *, hold_id: UUID, kind: Resolution, into: Journals = POSTGRES
) -> Moved:
    """Q4: once per lease; the rest returns to Q400, or to Q600 after expiry."""
    step = _resolve_step(stamp, quota, hold_id, kind)
    ((posted, answer),) = read_then_write_many([step], into, _of_hold(quota, hold_id))
    return Moved(posted, answer["amount"])


def _resolve_step(stamp: Stamp, quota: Quota, hold_id: UUID, kind: Resolution) -> Step:
    request = _request(Kind.RESOLVE_QUOTA, stamp, quota, hold_id=hold_id, resolution=kind)

    def build(facts: Facts) -> Draft:
        left = _open_quota_lease(facts, hold_id, quota, id=stamp.id)
        return request.draft(
            debit=((_of("Q410", quota), left),),
            credit=((_of("Q400" if quota.active else "Q600", quota), left),),
            answer={"amount": left},
            hold_move=HoldMove(hold_id, kind, left),
        )

    return request, build


def settle_quota(
    used: Stamp,
    released: Stamp,
    quota: Quota,
    *,
    hold_id: UUID,
    amount: int,
    into: Journals = POSTGRES,
) -> int:
    """Q3 and Q4 together, in two round trips: what was used, and what returned of the rest."""
    return settle_quota_many([QuotaUse(used, released, quota, hold_id, amount)], into=into)[0]


def settle_quota_many(uses: Sequence[QuotaUse], *, into: Journals = POSTGRES) -> list[int]:
    """As settle_quota for a whole batch, in two round trips: what returned of each lease."""
    steps = [step for one in uses for step in _settle_steps(one)]
    ask = Ask(
        locks=tuple(sorted({one.quota.grant for one in uses})),
        holds=tuple({one.hold_id: None for one in uses}),
    )
    done = read_then_write_many(steps, into, ask)
    returned = {
        request.stamp.id: answer["amount"]
        for (request, _), (_, answer) in zip(steps, done, strict=True)
        if request.kind is Kind.RESOLVE_QUOTA
    }
    return [returned[one.released.id] for one in uses]


def _settle_steps(one: QuotaUse) -> list[Step]:
    resolved = _resolve_step(one.released, one.quota, one.hold_id, "void")
    if one.used is None:
        return [resolved]
    return [_capture_step(one.used, one.quota, one.hold_id, one.amount), resolved]


def refund_quota(
    stamp: Stamp, quota: Quota, *, amount: int, into: Journals = POSTGRES
) -> Posted:
    """Q5: what was used is given back (an outage, a wrong measurement)."""
    amount = amount_of(amount)
    return write_at_once(
        _request(Kind.REFUND_QUOTA, stamp, quota, amount=amount),
        into,
        debit=((_of("Q500", quota), amount),),
        credit=((_of("Q400" if quota.active else "Q600", quota), amount),),
    )


def expire_quota(stamp: Stamp, quota: Quota, *, into: Journals = POSTGRES) -> Moved:
    """Q6: expiry or withdrawal of all that is available. Open holds run on."""
    request = _request(Kind.EXPIRE_QUOTA, stamp, quota)
    available = _of("Q400", quota)

    def build(facts: Facts) -> Draft:
        rest = facts.balance(available)
        return request.draft(
            debit=((available, rest),),
            credit=((_of("Q600", quota), rest),),
            answer={"amount": rest},
        )

    ask = Ask(locks=(quota.grant,), accounts=(available,))
    posted, answer = read_then_write(request, into, ask, build)
    return Moved(posted, answer["amount"])
