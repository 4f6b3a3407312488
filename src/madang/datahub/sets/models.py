"""Data sets 데이터셋: a name under which versions are kept, and who may read them."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.offerings.models import Offering
from madang.parties.models import Organisation


class Field(models.TextChoices):
    """The eight fields of the national plan."""

    SPEECH_LANGUAGE = "speech-language", "음성·자연어"
    VISION = "vision", "비전"
    HEALTHCARE = "healthcare", "헬스케어"
    DRIVING = "driving", "자율주행"
    LAND_ENVIRONMENT = "land-environment", "국토환경"
    AGRICULTURE = "agriculture", "농축수산"
    SAFETY = "safety", "안전"
    OTHER = "other", "기타"


class Access(models.TextChoices):
    OPEN = "open", "개방"
    GATED = "gated", "신청"
    SECURE = "secure", "안심존"


class DataSet(models.Model):
    """`code` is "org/name", as clients write it. A draft is seen by its organisation alone.

    With an `offering` each use is charged to a voucher; without, as all begin, it is free.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=200, unique=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="data_sets", null=True
    )
    field = models.CharField(max_length=24, choices=Field.choices, default=Field.OTHER)
    access = models.CharField(max_length=12, choices=Access.choices, default=Access.OPEN)
    licence = models.CharField(max_length=64, blank=True)
    name_ko = models.CharField(max_length=200, blank=True)
    name_en = models.CharField(max_length=200, blank=True)
    offering = models.ForeignKey(
        Offering, on_delete=models.PROTECT, related_name="data_sets", null=True
    )
    is_private = models.BooleanField(default=True)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
