"""Suppliers 공급기업: who sells, and is paid."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.organisations.models import Organisation


class Supplier(models.Model):
    """An organisation in its role as a seller; its id is a dimension of the ledger."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=64, unique=True)
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, related_name="supplier"
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
