"""Relationships 특수관계: the facts from which conflicts of interest are found."""

from __future__ import annotations

from django.db import models


class PartyKind(models.TextChoices):
    PERSON = "person", "사람"
    ORGANISATION = "organisation", "기관"


class Relationship(models.Model):
    """A directed or mutual tie between two parties, over a span of time."""

    a_kind = models.CharField(max_length=12, choices=PartyKind.choices)
    a_id = models.UUIDField(db_index=True)
    b_kind = models.CharField(max_length=12, choices=PartyKind.choices)
    b_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=32)  # adviser, mentor, family, affiliate, employee, …
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["a_kind", "a_id", "b_kind", "b_id", "kind"],
                condition=models.Q(ends_at=None),
                name="relationship_open_once",
            )
        ]
