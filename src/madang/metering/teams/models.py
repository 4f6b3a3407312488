"""Teams 팀: parts of an organisation that share one voucher, each under its own limit."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.vouchers.models import Voucher


class Team(models.Model):
    """A sub-limit on supply value. What the team has spent is read from its charges."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="teams")
    code = models.SlugField(max_length=64)
    name = models.CharField(max_length=200)
    limit_microwon = models.BigIntegerField()
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voucher", "code"], name="team_once"),
            models.CheckConstraint(
                condition=models.Q(limit_microwon__gte=0), name="team_limit_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.code
