"""Matches 사전협의: a beneficiary asks a supplier, and the supplier's word."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Supplier
from madang.programme.applications.models import Application


class MatchState(models.TextChoices):
    ASKED = "asked", "협의요청"
    CONSENTED = "consented", "동의"
    REFUSED = "refused", "거절"
    WITHDRAWN = "withdrawn", "철회"


class Match(models.Model):
    """One supplier asked about one application, with what it is asked for in `summary`.

    A word given before the submission holds up to `agreed_microwon`: what the application asked
    for when the supplier answered. Nothing or 0 there binds no amount.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="matches"
    )
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="matches")
    state = models.CharField(
        max_length=16, choices=MatchState.choices, default=MatchState.ASKED
    )
    summary = models.CharField(max_length=2000, blank=True)
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    answered_by = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    agreed_microwon = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agreed_microwon__gte=0), name="match_agreed_amount"
            ),
            models.UniqueConstraint(
                fields=["application", "supplier"],
                condition=models.Q(state__in=["asked", "consented"]),
                name="match_open_once",
            ),
        ]
