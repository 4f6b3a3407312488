"""Documents 증빙: addressed by what they contain."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.organisations.models import Organisation
from madang.parties.people.models import Person


class Document(models.Model):
    """One file as handed in. The bytes lie in the object store under their SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    file_name = models.CharField(max_length=255)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True)
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True)
    uploaded_at = models.DateTimeField()
