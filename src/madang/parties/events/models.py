"""Events 감사기록: every change of state, for good, without a personal word in it."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7


class Event(models.Model):
    """Who did what to which row, when, from which state to which. Append-only by trigger."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=64)
    origin = models.CharField(max_length=16)
    action = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    before = models.CharField(max_length=32, blank=True)
    after = models.CharField(max_length=32, blank=True)
    facts = models.JSONField(default=dict)  # opaque ids, numbers, codes

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id", "at"])]


class EventReason(models.Model):
    """The free text given with an event: erasable, and so apart from it."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="reason_row")
    text = models.TextField()
