"""A report on the board and what was decided about it. Rows are only ever added."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7


class CostBasis(models.TextChoices):
    NONE = "", "없음"
    CHARGED = "charged", "차감액"
    PRICE = "price", "상품 가격"


class BoardReport(models.Model):
    """The signed envelope as it is, and what the board sorts and shows of it.

    `cost_microwon` is what `results` answers cost: charged for the run, or by the price of the
    product that is the device. Where neither is known both are empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    key_id = models.CharField(max_length=64)
    public_key = models.TextField(blank=True)
    envelope = models.BinaryField()
    device = models.CharField(max_length=200)
    maker = models.CharField(max_length=200)
    site = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=200, blank=True)
    scenario = models.CharField(max_length=16)
    figures = models.JSONField()
    power = models.JSONField()
    results = models.BigIntegerField(null=True)
    cost_microwon = models.BigIntegerField(null=True)
    cost_basis = models.CharField(max_length=8, choices=CostBasis.choices, blank=True)
    measured_at = models.DateTimeField()
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.device} {self.scenario}"


class StepKind(models.TextChoices):
    WITHDRAWN = "withdrawn", "내림"
    RESTORED = "restored", "되돌림"


class BoardStep(models.Model):
    """Taken off the board or put back, with the reason; the report itself stays."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    report = models.ForeignKey(BoardReport, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=StepKind.choices, default="withdrawn")
    reason = models.CharField(max_length=1000)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.report_id)
