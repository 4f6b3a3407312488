"""Keys 호출 키: what a client shows to the gateway."""

from __future__ import annotations

from django.db import models

from madang.metering.teams.models import Team
from madang.metering.vouchers.models import Voucher


class Key(models.Model):
    """A key of one voucher, kept as SHA-256. `no` is its short name on the wire."""

    no = models.BigAutoField(primary_key=True)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="keys")
    sha256 = models.BinaryField(max_length=32, unique=True)
    prefix = models.CharField(max_length=12)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="keys"
    )
    rpm_max = models.PositiveIntegerField()
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}…"
