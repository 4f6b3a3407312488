"""Applications for use 활용 신청: who asks for a gated set, for what, and until when."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.sets.models import DataSet
from madang.parties.people.models import Person


class AccessRequest(models.Model):
    """`purpose` is free text of a person: it stays in this row and in no event."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    data_set = models.ForeignKey(
        DataSet, on_delete=models.PROTECT, related_name="access_requests"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField(max_length=2000)
    days = models.PositiveIntegerField()
    state = models.CharField(max_length=12, default="requested")
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["data_set", "person"],
                condition=models.Q(state__in=["requested", "screening", "approved"]),
                name="access_request_open_once",
            )
        ]
