"""Years that are closed: nothing is booked in their chain any more."""

from __future__ import annotations

from django.db import models

from madang.ledger.facts import Fact


class YearEnd(Fact):
    """One closed programme-year."""

    programme_year = models.UUIDField(primary_key=True)
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=200)

    class Meta:
        db_table = "ledger_year_end"
