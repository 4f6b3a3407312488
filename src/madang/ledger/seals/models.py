"""The hash chain: one per programme-year, written in batches by one sealer."""

from __future__ import annotations

from django.db import models

from madang.ledger.journals.models import Journal


class Seal(models.Model):
    """The place of one journal in its chain. hash = SHA-256(previous hash, the journal)."""

    journal = models.OneToOneField(
        Journal, on_delete=models.PROTECT, primary_key=True, related_name="seal"
    )
    chain = models.UUIDField()
    number = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "ledger_seal"
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="ledger_seal_number")
        ]


class SealRun(models.Model):
    """One run of the sealer. Every journal of a transaction below `horizon` is sealed."""

    sealed = models.IntegerField()
    horizon = models.DecimalField(max_digits=20, decimal_places=0)
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_seal_run"


class Root(models.Model):
    """The published root of a day in Seoul: the heads of all chains under one hash."""

    day = models.DateField(primary_key=True)
    root = models.CharField(max_length=64)
    heads = models.JSONField()
    journals = models.BigIntegerField()

    class Meta:
        db_table = "ledger_root"
