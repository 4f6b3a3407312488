"""Offerings 상품: what a supplier sells, with prices that have dates."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.core.ids import uuid7
from madang.core.units import Meter, Unit
from madang.parties.models import Supplier

METERS = [(meter.value, meter.value) for meter in Meter]
UNITS = [(unit.value, unit.value) for unit in Unit]


class OfferingState(models.TextChoices):
    LISTED = "listed", "판매중"
    SUSPENDED = "suspended", "중지"


class AbortPolicy(models.TextChoices):
    """Who pays when the client leaves before the end: fixed in the supplier's contract."""

    DRAIN = "drain", "끝까지 읽고 정산"
    CANCEL_ESTIMATE = "cancel-estimate", "중단하고 추정"
    FREE = "free", "중단하고 무료"


class Offering(models.Model):
    """One product. `no` is its short name on the wire, `id` its opaque one everywhere else.

    `upstream_key` names a secret, it never is one. `overhead_tokens_max` is what the supplier's
    own template may add to one call, by contract; `strict` makes the gateway wait for the disk.
    """

    no = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid7, editable=False)
    code = models.CharField(max_length=128, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="offerings")
    meter = models.CharField(max_length=16, choices=METERS)
    upstream = models.CharField(max_length=500, blank=True)
    allow_private = models.BooleanField(default=False)
    upstream_model = models.CharField(max_length=200, blank=True)
    upstream_key = models.CharField(max_length=200, blank=True)
    context_tokens_max = models.PositiveIntegerField(default=0)
    overhead_tokens_max = models.PositiveIntegerField(default=256)
    connections_max = models.PositiveIntegerField(default=256)
    strict = models.BooleanField(default=False)
    abort_policy = models.CharField(
        max_length=16, choices=AbortPolicy.choices, default=AbortPolicy.DRAIN
    )
    size_class = models.CharField(max_length=16, blank=True)
    uses = ArrayField(models.CharField(max_length=32), default=list)
    state = models.CharField(
        max_length=16, choices=OfferingState.choices, default=OfferingState.LISTED
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class PriceVersion(models.Model):
    """The price of one unit from one instant on. Never changed, by trigger.

    `microwon_per_million` is an integer: micro-won per 1,000,000 units. `for_kinds` (sorted)
    empty means every kind of organisation that no other version names.
    """

    no = models.BigAutoField(primary_key=True)
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="prices")
    unit = models.CharField(max_length=24, choices=UNITS)
    microwon_per_million = models.DecimalField(max_digits=38, decimal_places=0)
    for_kinds = ArrayField(models.CharField(max_length=16), default=list)
    valid_from = models.DateTimeField()
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offering", "unit", "for_kinds", "valid_from"],
                name="price_version_once",
            ),
            models.CheckConstraint(
                condition=models.Q(microwon_per_million__gte=0), name="price_not_negative"
            ),
        ]


class PriceSet(models.Model):
    """The prices that are valid together, under one number that a call can pin.

    Interned and append-only: the same prices from the same instant keep their number for
    good. When they end is not written here, because a later version may end them earlier.
    """

    no = models.BigAutoField(primary_key=True)
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="price_sets")
    kinds = ArrayField(models.CharField(max_length=16), default=list)
    valid_from = models.DateTimeField()
    prices = models.JSONField()  # unit → micro-won per million, as decimal text
    sha256 = models.CharField(max_length=64, unique=True)
