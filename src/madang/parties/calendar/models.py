"""Holidays 공휴일: computed ones, and what a decree adds or takes away."""

from __future__ import annotations

from django.db import models


class Holiday(models.Model):
    """One day. A day that an operator entered or took out is not computed over again."""

    day = models.DateField(primary_key=True)
    name = models.CharField(max_length=100)
    is_off = models.BooleanField(default=True)  # False: a day that was taken out
    is_computed = models.BooleanField(default=False)
    changed_by = models.CharField(max_length=64)
    changed_at = models.DateTimeField()


class HolidayYear(models.Model):
    """A year whose holidays were filled in."""

    year = models.PositiveIntegerField(primary_key=True)
    filled_at = models.DateTimeField()
