"""Organisations 기관."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7


class OrganisationKind(models.TextChoices):
    SME = "sme", "중소기업"
    MIDSIZE = "midsize", "중견기업"
    UNIVERSITY = "university", "대학"
    INSTITUTE = "institute", "연구기관"
    PUBLIC = "public", "공공기관"
    LARGE = "large", "대기업"


class Organisation(models.Model):
    """A firm, university, institute or public body. `code` is chosen once and never reused."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=64, unique=True)
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=OrganisationKind.choices)
    registration_no = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=40, blank=True)
    representative = models.CharField(max_length=100, blank=True)  # personal: erasable
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
