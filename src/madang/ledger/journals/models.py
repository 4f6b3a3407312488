"""Journals and their entries: facts. Rows are only ever added, by ledger_write() alone."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from madang.ledger.accounts.models import Account
from madang.ledger.facts import Fact


class Journal(Fact):
    """One event, posted whole. `xid` (not a field: a column of the database) names the
    transaction that made it, the only one that may add entries to it.

    `effective_at` is when it happened, as the caller says; `booked_at` the server's time.
    `chain` is the programme-year whose hash chain it joins.
    """

    id = models.UUIDField(primary_key=True)
    idem = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=4)
    chain = models.UUIDField()
    content = models.JSONField()
    content_sha256 = models.CharField(max_length=64)
    answer = models.JSONField()
    actor = models.CharField(max_length=200)
    source_type = models.CharField(max_length=200)
    source_id = models.CharField(max_length=200)
    effective_at = models.DateTimeField()
    booked_at = models.DateTimeField()
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="correction"
    )

    class Meta:
        db_table = "ledger_journal"
        indexes = [
            models.Index(fields=["source_type", "source_id"], name="ledger_journal_source"),
            models.Index(fields=["kind", "booked_at"], name="ledger_journal_kind"),
        ]


class Entry(Fact):
    """One leg: exactly one of debit and credit is above zero."""

    journal = models.ForeignKey(
        Journal, on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    book = models.CharField(max_length=1)
    debit = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0)

    class Meta:
        db_table = "ledger_entry"


class Stillness(Fact):
    """A request that had nothing to move: kept so that its id still answers once only."""

    idem = models.CharField(max_length=200, primary_key=True)
    kind = models.CharField(max_length=4)
    content = models.JSONField()
    answer = models.JSONField()
    actor = models.CharField(max_length=200)
    booked_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ledger_stillness"


class Note(models.Model):
    """The reason of a journal in free words: may be erased, outside the hash chain."""

    journal = models.OneToOneField(
        Journal, on_delete=models.PROTECT, primary_key=True, related_name="note"
    )
    text = models.TextField()

    class Meta:
        db_table = "ledger_note"
