"""Notices 통지: what was told to whom, and when it arrived."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.people.models import Person


class Notice(models.Model):
    """One message to one person. Appeal clocks run from `delivered_at`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)
    sent_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivered_by = models.CharField(max_length=16, blank=True)  # page, email, post
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["recipient", "sent_at"])]


class NoticeDelivery(models.Model):
    """전달 기록: one attempt to hand a notice over by a channel, and what came of it.

    The address is kept as a digest: the row outlives the person's data.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=16)  # page, email, post
    attempt = models.PositiveIntegerField()
    address_sha256 = models.CharField(max_length=64, blank=True)
    is_delivered = models.BooleanField()
    answer = models.CharField(max_length=200, blank=True)  # the server's code
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel", "attempt"], name="notice_delivery_once"
            )
        ]
