"""Filling in a year's holidays, and changing them as a decree says."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.calendar.models import Holiday, HolidayYear
from madang.parties.calendar.queries import computed_days
from madang.parties.errors import FactInvalid
from madang.parties.events.actions import record_event

YEAR_MIN, YEAR_MAX = 2000, 2200


@transaction.atomic
def fill_year(actor: Actor, year: int, *, at: datetime) -> int:
    """Write down the computed holidays of a year; how many were new.

    From then on the table alone counts, so that a newer package moves no day that people
    rely on. What an operator entered or took out before stays.
    """
    actor.need(Role.OPERATOR)
    _check_year(year)
    _, is_new = HolidayYear.objects.get_or_create(year=year, defaults={"filled_at": at})
    if not is_new:
        return 0
    made = Holiday.objects.bulk_create(
        [
            Holiday(day=day, name=name, is_computed=True, changed_by=actor.id, changed_at=at)
            for day, name in computed_days(year)
            if not Holiday.objects.filter(pk=day).exists()
        ]
    )
    _record(actor, "calendar.fill", str(year), at)
    return len(made)


@transaction.atomic
def set_holiday(actor: Actor, day: date, *, name: str, at: datetime) -> Holiday:
    """A day off, by decree. Days that were counted before stay as they were counted."""
    actor.need(Role.OPERATOR)
    if not name.strip():
        raise FactInvalid(field="name", reason="empty")
    return _put(actor, day, name=name, is_off=True, at=at)


@transaction.atomic
def take_out_holiday(actor: Actor, day: date, *, at: datetime) -> Holiday:
    """A computed day that is no day off after all. The row stays and says so."""
    actor.need(Role.OPERATOR)
    held = Holiday.objects.filter(pk=day).first()
    return _put(actor, day, name=held.name if held else day.isoformat(), is_off=False, at=at)


def _put(actor: Actor, day: date, *, name: str, is_off: bool, at: datetime) -> Holiday:
    _check_year(day.year)
    row, _ = Holiday.objects.update_or_create(
        day=day,
        defaults={
            "name": name,
            "is_off": is_off,
            "is_computed": False,
            "changed_by": actor.id,
            "changed_at": at,
        },
    )
    _record(actor, "calendar.set" if is_off else "calendar.take_out", day.isoformat(), at)
    return row


def _check_year(year: int) -> None:
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise FactInvalid(field="year", reason=str(year))


def _record(actor: Actor, action: str, subject: str, at: datetime) -> None:
    record_event(actor, action, subject_type="calendar", subject_id=subject, at=at)
