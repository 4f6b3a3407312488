"""Panels 평가위원회 and what lies before them. Any room may bring a subject."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.core.ids import uuid7


class PanelState(models.TextChoices):
    REVIEWING = "reviewing", "평가중"
    DECIDED = "decided", "확정"


class ReviewPanel(models.Model):
    """One review of many subjects under one set of rules: a call's, an appeal's, a hub's.

    The lottery's seed is drawn when the panel is formed; only its digest is shown until a
    ranking is computed, so that nobody can choose a lucky one afterwards.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    context_type = models.CharField(max_length=64)
    context_id = models.UUIDField()
    rules = models.JSONField()
    rules_sha256 = models.CharField(max_length=64)
    seed = models.CharField(max_length=64)
    budget_microwon = models.BigIntegerField(null=True, blank=True)
    apart_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="appeal_panels", null=True, blank=True
    )  # nobody who was asked there may sit here
    state = models.CharField(
        max_length=16, choices=PanelState.choices, default=PanelState.REVIEWING
    )
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["context_type", "context_id"], name="panel_once_per_context"
            )
        ]


class Subject(models.Model):
    """What is reviewed, named by its room, with the parties that must not be near a reviewer.

    `parties` is a list of {"kind", "id", "unit", "part"}: organisations and people, as
    applicant or as matched supplier. A withdrawn subject is not ranked. `standing` says what
    an earlier decision leaves untouched, `kept` or `gone`, or that a peer's duty was `failed`.
    `scored_in` is the same subject before another panel, whose reviews count in the place of
    its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    panel = models.ForeignKey(ReviewPanel, on_delete=models.PROTECT, related_name="subjects")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField(db_index=True)
    parties = models.JSONField(default=list)
    requested_microwon = models.BigIntegerField(default=0)
    bonus_milli = models.IntegerField(default=0)
    topics = ArrayField(models.CharField(max_length=64), default=list)
    standing = models.CharField(max_length=8, default="", blank=True)
    scored_in = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="counts_for", null=True, blank=True
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "subject_type", "subject_id"], name="subject_once_per_panel"
            )
        ]
