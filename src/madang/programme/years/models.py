"""Programmes 사업 and their years 회계연도."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.core.money import Ratio


class Programme(models.Model):
    """A line of support that comes back year after year. Its id is a ledger dimension."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class ProgrammeYear(models.Model):
    """One year of a programme: its terms. What is left of its budget is the ledger's word."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="years")
    year = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    ratio_numerator = models.PositiveIntegerField()
    ratio_denominator = models.PositiveIntegerField()
    vat_numerator = models.PositiveIntegerField()
    vat_denominator = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "year"], name="programme_year_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="programme_year_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme.code}/{self.year}"

    @property
    def ratio(self) -> Ratio:
        return Ratio(self.ratio_numerator, self.ratio_denominator)

    @property
    def vat(self) -> Ratio:
        return Ratio(self.vat_numerator, self.vat_denominator)


class BudgetChange(models.Model):
    """One decision about the appropriation 예산 증감. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    programme_year = models.ForeignKey(
        ProgrammeYear, on_delete=models.PROTECT, related_name="budget_changes"
    )
    difference_microwon = models.BigIntegerField()
    declared_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64)
    at = models.DateTimeField()
