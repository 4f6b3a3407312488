"""GPU classes of a site, and the stages in which their cards open."""

from __future__ import annotations

from django.db import models

from madang.compute.sites.models import Site
from madang.core.ids import uuid7
from madang.metering.models import Offering


class SizeClass(models.TextChoices):
    MEDIUM = "medium", "중형"
    LARGE = "large", "대형"


class GpuClass(models.Model):
    """What is granted: cards of one kind at one site. Its price is the offering's. Where
    `teraflops_per_card` is declared, at one `precision`, grants may be given by petaflops."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="classes")
    gres = models.CharField(max_length=64)
    offering = models.ForeignKey(
        Offering, on_delete=models.PROTECT, related_name="gpu_classes", null=True
    )
    cards_max = models.PositiveIntegerField()
    whole_servers = models.BooleanField(default=False)
    cards_per_server = models.PositiveIntegerField(default=8)
    teraflops_per_card = models.PositiveIntegerField(default=0)
    precision = models.CharField(max_length=8, default="fp16")
    size = models.CharField(max_length=8, choices=SizeClass.choices, default="medium")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Stage(models.Model):
    """So many cards more, from a day on."""

    gpu_class = models.ForeignKey(GpuClass, on_delete=models.PROTECT, related_name="stages")
    cards = models.PositiveIntegerField()
    opens_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gpu_class", "opens_on"], name="stage_once")
        ]
