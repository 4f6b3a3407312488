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


class YearState(models.TextChoices):
    OPEN = "open", "진행"
    CLOSING = "closing", "마감중"
    CLOSED = "closed", "마감"


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
    state = models.CharField(max_length=8, choices=YearState.choices, default=YearState.OPEN)
    closing_by = models.CharField(max_length=64, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

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


class TreasuryKind(models.TextChoices):
    UNSPENT = "unspent", "집행잔액"
    INTEREST = "interest", "이자"


class TreasuryState(models.TextChoices):
    PREPARED = "prepared", "반납예정"
    REMITTED = "remitted", "반납"


class TreasuryReturn(models.Model):
    """반납: what is owed to the treasury, and what of it left the bank in tens of won.

    Fractions wait on 2590 and join the next return of the year.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    programme_year = models.ForeignKey(
        ProgrammeYear, on_delete=models.PROTECT, related_name="treasury_returns"
    )
    kind = models.CharField(max_length=10, choices=TreasuryKind.choices)
    amount_microwon = models.BigIntegerField()
    remitted_microwon = models.BigIntegerField(default=0)
    state = models.CharField(
        max_length=10, choices=TreasuryState.choices, default=TreasuryState.PREPARED
    )
    prepared_by = models.CharField(max_length=64)
    prepared_at = models.DateTimeField()
    remitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gte=0), name="treasury_not_negative"
            ),
            models.UniqueConstraint(
                fields=["programme_year", "kind"],
                condition=models.Q(state="prepared"),
                name="treasury_return_open_once",
            ),
        ]


class RollOverState(models.TextChoices):
    PROPOSED = "proposed", "제안"
    DONE = "done", "이월"
    REFUSED = "refused", "반려"


class RollOver(models.Model):
    """이월: the next year of a programme, with its own budget and what is carried over."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    from_year = models.ForeignKey(
        ProgrammeYear, on_delete=models.PROTECT, related_name="roll_overs"
    )
    to_year = models.ForeignKey(
        ProgrammeYear, on_delete=models.PROTECT, null=True, related_name="rolled_from"
    )
    budget_microwon = models.BigIntegerField()
    carried_microwon = models.BigIntegerField()
    state = models.CharField(
        max_length=10, choices=RollOverState.choices, default=RollOverState.PROPOSED
    )
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(budget_microwon__gte=0) & models.Q(carried_microwon__gte=0),
                name="roll_over_not_negative",
            )
        ]
