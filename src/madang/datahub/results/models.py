"""Letting results out 반출: what the user of a room asks to take along, and who let it go."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.sets.models import DataSet
from madang.parties.people.models import Person


class ResultExport(models.Model):
    """`purpose` and `reason` are free text of people: they stay in this row and in no event."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    data_set = models.ForeignKey(
        DataSet, on_delete=models.PROTECT, related_name="result_exports"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField(max_length=2000)
    state = models.CharField(max_length=12, default="requested")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+", null=True
    )
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("person")),
                name="result_export_four_eyes",
            )
        ]


class ResultFile(models.Model):
    """One file of it, as it was looked at. Rows are facts; the bytes lie under the digest.

    `signs` counts what looks like a person's number, by kind; null where no text can be read.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    export = models.ForeignKey(ResultExport, on_delete=models.PROTECT, related_name="files")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    signs = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="result_file_once")
        ]
