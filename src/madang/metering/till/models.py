"""What the till must remember beyond its own life: epochs, leases, offsets, open calls, claims.

No money is here that the ledger does not know: a lease names its hold.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.metering.offerings.models import PriceSet
from madang.metering.teams.models import Team
from madang.metering.vouchers.models import Voucher
from madang.parties.models import Supplier


class WorkerEpoch(models.Model):
    """One life of one gateway worker. Its number fences every life before it.

    `host` names the till's data folder, `boot_id` the boot of the machine. An epoch is closed
    when its process is known to be dead, its journal is read to the end and every lease is
    dealt with. `power_lost` marks one from before an unclean boot: its last records may be
    missing, so that nothing of its leases comes free by itself.
    """

    epoch = models.BigAutoField(primary_key=True)
    host = models.UUIDField(db_index=True)
    worker = models.PositiveIntegerField()
    pid = models.BigIntegerField()
    started_ticks = models.BigIntegerField()  # the process's start, so that a pid is no alias
    boot_id = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    fenced_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    power_lost = models.BooleanField(default=False)
    damage = models.CharField(max_length=300, blank=True)


class JournalOffset(models.Model):
    """How far a segment is shipped: moved in the transaction that posts what was read."""

    epoch = models.ForeignKey(WorkerEpoch, on_delete=models.PROTECT, related_name="offsets")
    segment = models.PositiveIntegerField()
    offset_bytes = models.BigIntegerField(default=0)
    seq_next = models.BigIntegerField(default=0)
    is_closed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["epoch", "segment"], name="journal_offset_once")
        ]


class LeaseState(models.TextChoices):
    OPEN = "open", "사용중"
    DRAINING = "draining", "회수중"  # nothing new is reserved from it; calls in flight go on
    RESOLVED = "resolved", "해제"


UNRESOLVED = (LeaseState.OPEN, LeaseState.DRAINING)


class Lease(models.Model):
    """A hold that a worker spends from. Facts never change; `state` and `replaced_by` move on.

    A lease returned with calls in flight is resolved (P9) and followed by a hold (P7) of what
    is in flight; records that still name the old hold are captured from the new one.

    A team's lease counts against the team's limit as long as it is open. It also notes what
    the team's charges up to number `team_charge_upto` came to, so that the next one need not
    add them up again: charges of a voucher are numbered under its lock.
    """

    hold = models.UUIDField(primary_key=True)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="leases")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="leases")
    epoch = models.ForeignKey(WorkerEpoch, on_delete=models.PROTECT, related_name="leases")
    amount_microwon = models.BigIntegerField()
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=LeaseState.choices, default=LeaseState.OPEN)
    replaced_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="leases",
        db_index=False,
    )  # fmt: skip
    team_spent_microwon = models.BigIntegerField(null=True, blank=True)
    team_charge_upto = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["voucher"],
                condition=models.Q(state__in=["open", "draining"]),
                name="lease_unresolved",
            ),
            models.Index(
                fields=["team", "-hold"],
                condition=models.Q(team__isnull=False),
                name="lease_of_team",
            ),
            models.Index(
                fields=["epoch"],
                condition=models.Q(state__in=["open", "draining"]),
                name="lease_of_epoch",
            ),
        ]


class CallState(models.TextChoices):
    INTENT = "intent", "예약"
    SENT = "sent", "전송"
    UNSETTLED = "unsettled", "미확정"


class OpenCall(models.Model):
    """A call whose end has not been read: kept only while that is so.

    `quantities` are the last that were observed (PROGRESS). UNSETTLED: its worker is dead and
    the outcome unknown; the reservation stays held until somebody or the deadline settles it.
    """

    call = models.UUIDField(primary_key=True)
    epoch = models.ForeignKey(WorkerEpoch, on_delete=models.PROTECT, related_name="open_calls")
    segment = models.PositiveIntegerField()
    hold = models.UUIDField(db_index=True)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="open_calls")
    price_set = models.ForeignKey(PriceSet, on_delete=models.PROTECT, related_name="+")
    key_no = models.BigIntegerField()
    est_microwon = models.BigIntegerField()
    quantities = models.JSONField(default=dict)
    flags = ArrayField(models.CharField(max_length=20), default=list)
    started_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=CallState.choices)
    why = models.CharField(max_length=32, blank=True)


class IdemClaim(models.Model):
    """One caller of an idempotency key won. The body is known by its digest only.

    `replay` is the encrypted answer; the key to it is the client's secret, which we lack.
    """

    key_no = models.BigIntegerField()
    idem_sha256 = models.BinaryField(max_length=32)
    body_sha256 = models.BinaryField(max_length=32)
    call = models.UUIDField(unique=True)
    epoch = models.ForeignKey(WorkerEpoch, on_delete=models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(db_index=True)
    is_done = models.BooleanField(default=False)
    replay = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_no", "idem_sha256"], name="idem_claim_once")
        ]
