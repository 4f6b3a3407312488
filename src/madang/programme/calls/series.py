"""상시공고: a rolling call is one call after another, from cut-off to cut-off.

Each is a call of its own, with its own panel, ranking and budget; a draft that misses one
cut-off is carried to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from madang.core.money import MICRO_PER_WON
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.programme.calls.actions import approve_call, create_call
from madang.programme.calls.content import CallContent
from madang.programme.calls.models import Call, CallSeries
from madang.programme.errors import CallExists, CallUnknown, CutOffInvalid
from madang.programme.years.models import ProgrammeYear

CUT_OFFS_MAX = 52


@transaction.atomic
def create_series(
    actor: Actor,
    year: ProgrammeYear,
    content: CallContent,
    *,
    cut_offs: Sequence[datetime],
    at: datetime,
) -> CallSeries:
    """Drafts of all its calls. The budget is shared out evenly; the first gets what is left."""
    actor.need(Role.OPERATOR)
    _check(content, cut_offs)
    try:
        with transaction.atomic():
            row = CallSeries.objects.create(
                code=content.code, programme_year=year, created_by=actor.id, created_at=at
            )
    except IntegrityError as err:
        raise CallExists(call=content.code, field="code") from err
    opens_at = content.opens_at
    shares = _shares(content.budget_microwon, len(cut_offs))
    for number, (closes_at, share) in enumerate(zip(cut_offs, shares, strict=True), start=1):
        words = replace(
            content,
            code=f"{content.code}-{number}",
            opens_at=opens_at,
            closes_at=closes_at,
            budget_microwon=share,
        )
        call = create_call(actor, year, words, at=at)
        call.series, call.series_number = row, number
        call.save(update_fields=["series", "series_number"])
        opens_at = closes_at
    record_event(
        actor,
        "series.create",
        subject_type="series",
        subject_id=row.id,
        at=at,
        facts={"code": row.code, "calls": len(cut_offs)},
    )
    return row


@transaction.atomic
def approve_series(actor: Actor, code: str, *, at: datetime) -> CallSeries:
    """승인 of every draft of the series, by a second person: all or none."""
    actor.need(Role.OPERATOR)
    row = series_by_code(code)
    for call in row.calls.filter(state="draft").order_by("series_number"):
        approve_call(actor, call.id, at=at)
    return row


def series_by_code(code: str) -> CallSeries:
    row = CallSeries.objects.filter(code=code).first()
    if row is None:
        raise CallUnknown(call=code)
    return row


def calls_of(row: CallSeries) -> list[Call]:
    found = row.calls.select_related("programme_year__programme", "form_version")
    return list(found.order_by("series_number"))


def _check(content: CallContent, cut_offs: Sequence[datetime]) -> None:
    if not 1 <= len(cut_offs) <= CUT_OFFS_MAX:
        raise CutOffInvalid(field="cut_offs", reason=f"1 to {CUT_OFFS_MAX} are needed")
    before = content.opens_at
    for cut_off in cut_offs:
        if cut_off <= before:
            raise CutOffInvalid(field="cut_offs", reason="not one after the other")
        before = cut_off


def _shares(budget_microwon: int, count: int) -> list[int]:
    """Whole won each; what cannot be shared out goes to the first."""
    share, rest = divmod(budget_microwon, count)
    won = share // MICRO_PER_WON * MICRO_PER_WON
    rest += (share - won) * count
    return [won + rest, *[won for _ in range(count - 1)]]
