"""Registered facts 등록사실: what is known about an organisation, since when and from where."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.documents.models import Document
from madang.parties.organisations.models import Organisation


class OrganisationFact(models.Model):
    """One value of one name, as it was entered. Rows are only ever added: the newest holds.

    What the organisation says of itself is `declared`; an operator who has seen the evidence
    enters it as verified.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="facts"
    )
    name = models.CharField(max_length=64)
    value = models.CharField(max_length=200)
    is_verified = models.BooleanField(default=False)
    evidence = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    recorded_by = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "name", "recorded_at"])]
