"""Posting lines: one effective line per attempt, corrected by reversal, never by an edit.

A line, its postings in book Q, its charge and the release of the hold are one transaction.
The caller holds the grant's lock.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from madang.compute.attempts.holds import (
    money_hold,
    release_money,
    reservation_of,
    stamp_of,
)
from madang.compute.attempts.models import Attempt
from madang.compute.attempts.writing import Sheet
from madang.compute.engines.types import RunState
from madang.compute.findings.actions import find
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import quota_for, standing_of
from madang.compute.lines.amounts import Amounts, amounts_of, gpu_ms_of
from madang.compute.lines.models import Line, LineKind
from madang.compute.policy import ComputePolicy
from madang.core.errors import Refused
from madang.core.spine import Measurement, OfferingId, VoucherId
from madang.core.units import Unit
from madang.ledger.types import Stamp
from madang.metering import quotas
from madang.metering.charges.actions import left_of, refund_charge
from madang.metering.charges.models import ChargeKind
from madang.metering.usage.actions import record_measurement
from madang.metering.usage.borne import bear_usage
from madang.metering.usage.models import Usage
from madang.metering.usage.reservations import (
    Reservation,
    release_reservation,
    reserve_usage,
)
from madang.parties.actor import Actor


def effective_line(attempt: Attempt) -> Line | None:
    """The line that counts: the newest use that was not reversed."""
    newest = attempt.lines.order_by("-fact_version").first()
    if newest is None:
        return None
    kinds = attempt.lines.filter(fact_version=newest.fact_version).values_list("kind")
    return None if (LineKind.REVERSAL,) in set(kinds) else newest


def post_attempt(
    actor: Actor,
    grant: Grant,
    attempt: Attempt,
    policy: ComputePolicy,
    sheet: Sheet,
    *,
    at: datetime,
) -> Line | None:
    """The line of an attempt that has ended, as its facts are now, noted on the sheet with what
    it takes from its hold. None: nothing changed."""
    assert attempt.ended_at is not None, attempt.no
    gpu_ms = gpu_ms_of(attempt.cards, attempt.started_at, attempt.ended_at)
    state = RunState(attempt.state)
    if attempt.is_held or not attempt.held_gpu_seconds:
        amounts = amounts_of(
            gpu_ms=gpu_ms, state=state, reached_gpu_seconds=attempt.held_gpu_seconds,
            programme_bears=policy.programme_bears,
        )  # fmt: skip
        if attempt.is_held:
            return _post_first(actor, grant, attempt, amounts, sheet, at)
        return _post_unheld(actor, grant, attempt, amounts, sheet, at)
    sheet.write()  # a line before this one, and what is available, are read now
    before = effective_line(attempt)
    if before is None:
        return None  # its hold was given back before it ran: a finding, not a line
    reach = before.user_gpu_seconds + standing_of(grant).available
    amounts = amounts_of(
        gpu_ms=gpu_ms, state=state, reached_gpu_seconds=min(reach, attempt.held_gpu_seconds),
        programme_bears=policy.programme_bears,
    )  # fmt: skip
    if amounts.gpu_ms == before.gpu_ms and (
        amounts.user_gpu_seconds == before.user_gpu_seconds
    ):
        return None
    _reverse(actor, grant, before, attempt.fact_version, at)
    return sheet.line(_post_again(actor, grant, attempt, amounts, at))


def _post_first(
    actor: Actor, grant: Grant, attempt: Attempt, amounts: Amounts, sheet: Sheet, at: datetime
) -> Line:
    line = _line(actor, grant, attempt, amounts, reservation_of(attempt), at)
    sheet.settle(grant, attempt, amounts.user_gpu_seconds)
    release_money(actor, grant, attempt, at=at)
    return sheet.line(line)


def _post_unheld(
    actor: Actor, grant: Grant, attempt: Attempt, amounts: Amounts, sheet: Sheet, at: datetime
) -> Line | None:
    """The engine ran it again and there was nothing left to hold: the programme bears all."""
    sheet.write()
    before = effective_line(attempt)
    if before is not None:
        if before.gpu_ms == amounts.gpu_ms:
            return None
        _reverse(actor, grant, before, attempt.fact_version, at)
    return sheet.line(_line(actor, grant, attempt, amounts, None, at))


def _post_again(
    actor: Actor, grant: Grant, attempt: Attempt, amounts: Amounts, at: datetime
) -> Line:
    """A hold of exactly the new amount, used and resolved; money at the prices of the first."""
    hold = uuid5(attempt.hold, f"again:{attempt.fact_version}")
    if amounts.user_gpu_seconds:
        quotas.hold(
            stamp_of(actor, hold, "hold", at), quota_for(grant), hold_id=hold,
            amount=amounts.user_gpu_seconds, expires_at=grant.ends_at,
        )  # fmt: skip
        quotas.capture(
            stamp_of(actor, hold, "use", at), quota_for(grant), hold_id=hold,
            amount=amounts.user_gpu_seconds,
        )  # fmt: skip
        quotas.release(stamp_of(actor, hold, "release", at), quota_for(grant), hold_id=hold)
    reserved = _reserve_again(actor, grant, attempt, hold, amounts.user_gpu_seconds, at)
    line = _line(actor, grant, attempt, amounts, reserved, at)
    if reserved is not None and grant.voucher is not None:
        release_reservation(actor, grant.voucher, reserved, at=at)
    return line


def _reserve_again(
    actor: Actor, grant: Grant, attempt: Attempt, hold: UUID, amount: int, at: datetime
) -> Reservation | None:
    offering = grant.gpu_class.offering
    if attempt.price_set is None or grant.voucher is None or offering is None or not amount:
        return None
    try:
        return reserve_usage(
            actor, grant.voucher, offering, quantities={Unit.GPU_SECOND: amount},
            hold=money_hold(hold), at=at, price_set=attempt.price_set,
        )  # fmt: skip
    except Refused:
        return None  # the voucher ended or is spent: the programme bears the money, seen below


def _line(
    actor: Actor,
    grant: Grant,
    attempt: Attempt,
    amounts: Amounts,
    reserved: Reservation | None,
    at: datetime,
) -> Line:
    usage_id, charge_microwon = "", 0
    if reserved is not None and amounts.user_gpu_seconds:
        usage_id = usage_id_of(attempt)
        charge_microwon = _charge(actor, grant, attempt, amounts, reserved, usage_id, at)
    if amounts.borne_gpu_seconds and attempt.price_set is not None:
        _bear(actor, grant, attempt, amounts.borne_gpu_seconds, attempt.price_set, at)
    return Line(
        id=line_id(attempt, attempt.fact_version, LineKind.USE),
        attempt=attempt,
        kind=LineKind.USE,
        fact_version=attempt.fact_version,
        gpu_ms=amounts.gpu_ms,
        user_gpu_seconds=amounts.user_gpu_seconds,
        borne_gpu_seconds=amounts.borne_gpu_seconds,
        cause=amounts.cause,
        usage_id=usage_id,
        charge_microwon=charge_microwon,
        at=at,
    )


def _charge(
    actor: Actor,
    grant: Grant,
    attempt: Attempt,
    amounts: Amounts,
    reserved: Reservation,
    usage_id: str,
    at: datetime,
) -> int:
    """GPU-seconds as any other use: priced and charged by metering, settled by its spine."""
    measurement = _measured(grant, attempt, usage_id, amounts.user_gpu_seconds)
    recorded = record_measurement(actor, measurement, at=at, reserved=reserved)
    return recorded.charge.amount_microwon if recorded.charge else 0


def _bear(
    actor: Actor, grant: Grant, attempt: Attempt, gpu_seconds: int, price_set: int, at: datetime
) -> None:
    """The supplier is paid for what no user pays: once per attempt. When facts change after
    that, the difference is a finding for a person; nothing is ever borne twice."""
    measurement = _measured(grant, attempt, f"attempt-{attempt.hold.hex}-borne", gpu_seconds)
    used = bear_usage(actor, measurement, price_set=price_set, at=at)
    if used is not None and used.quantities != {Unit.GPU_SECOND.value: gpu_seconds}:
        find(
            attempt.site, "borne_changed", attempt.attempt_key, attempt=attempt,
            gpu_seconds=gpu_seconds, at=at,
        )  # fmt: skip


def _measured(grant: Grant, attempt: Attempt, id: str, gpu_seconds: int) -> Measurement:
    offering = grant.gpu_class.offering
    assert grant.voucher is not None
    assert offering is not None
    assert attempt.started_at is not None
    assert attempt.ended_at is not None
    return Measurement(
        id=id,
        voucher=VoucherId(grant.voucher.id),
        offering=OfferingId(offering.id),
        quantities={Unit.GPU_SECOND: gpu_seconds},
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        evidence_sha256=attempt.fact_digest,
    )


def usage_id_of(attempt: Attempt) -> str:
    return f"attempt-{attempt.hold.hex}-{attempt.fact_version}"


def line_id(attempt: Attempt, version: int, kind: LineKind) -> UUID:
    return uuid5(attempt.hold, f"line:{version}:{kind}")


def _reverse(actor: Actor, grant: Grant, before: Line, version: int, at: datetime) -> None:
    """Give back what the line took, in the books where it took it."""
    id = line_id(before.attempt, before.fact_version, LineKind.REVERSAL)
    if before.user_gpu_seconds:
        stamp = Stamp(f"line:{id}", actor.id, at, "line", str(id))
        quotas.refund(stamp, quota_for(grant), before.user_gpu_seconds)
    if before.charge_microwon:
        usage = Usage.objects.get(external_id=before.usage_id, voucher=grant.voucher)
        charge = usage.charges.get(kind=ChargeKind.CHARGE)
        refund_charge(
            actor, charge, refund=uuid5(id, "refund"), amount_microwon=left_of(charge), at=at,
            reason="the engine changed its record",
        )  # fmt: skip
    Line.objects.create(
        id=id,
        attempt_id=before.attempt_id,
        kind=LineKind.REVERSAL,
        fact_version=before.fact_version,
        gpu_ms=before.gpu_ms,
        user_gpu_seconds=before.user_gpu_seconds,
        borne_gpu_seconds=before.borne_gpu_seconds,
        cause=f"facts:{version}",
        charge_microwon=before.charge_microwon,
        at=at,
    )
