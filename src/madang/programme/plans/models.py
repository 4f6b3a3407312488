"""Multi-year plans 다년도 계획: which ministry gives how much in which year, and for what."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Document, Organisation
from madang.programme.years.models import Programme


class Plan(models.Model):
    """A promise over several years. It makes no money: appropriations of each year do."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=64, unique=True)
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    source = models.CharField(max_length=400, blank=True)  # where the figures were published
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class BudgetLine(models.Model):
    """예산항목: one ministry's planned part, given out through one programme.

    Of one year; or of all years from `year` to `through`, where nobody published the split.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="lines")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="lines")
    ministry = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="budget_lines"
    )
    year = models.PositiveIntegerField()
    through = models.PositiveIntegerField()
    planned_microwon = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "year"], name="budget_line_once"),
            models.CheckConstraint(
                condition=models.Q(through__gte=models.F("year")),
                name="budget_line_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(planned_microwon__gte=0), name="budget_line_not_negative"
            ),
        ]


class GoalState(models.TextChoices):
    PLANNED = "planned", "계획"
    REPORTED = "reported", "보고"
    REACHED = "reached", "달성"


class Goal(models.Model):
    """이정표: what the plan itself is to reach by a day, shown by a document."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="goals")
    code = models.SlugField(max_length=64)
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    due_on = models.DateField()
    state = models.CharField(
        max_length=16, choices=GoalState.choices, default=GoalState.PLANNED
    )
    evidence = models.ForeignKey(
        Document, on_delete=models.PROTECT, null=True, related_name="goals"
    )
    reported_by = models.CharField(max_length=64, blank=True)
    reached_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "code"], name="goal_once_in_its_plan"),
        ]
