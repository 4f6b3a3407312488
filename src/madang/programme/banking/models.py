"""Bank lines 은행 거래내역: what the bank says, beside what the ledger says."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7


class LineOutcome(models.TextChoices):
    """What the import made of a line, for good; later links stand in BankLink."""

    DEPOSIT = "deposit", "자부담 입금"
    PARKED = "parked", "미확인입금"
    PAID = "paid", "지급 확인"
    RETURNED = "returned", "지급 반송"
    KNOWN = "known", "장부 일치"
    OPEN = "open", "미대사"


class BankLine(models.Model):
    """One line of one account's statement, under the bank's own reference. Only ever added.

    `place` is the programme-year of 1100, the programme of 1110. Money in is positive.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.CharField(max_length=4)
    place = models.UUIDField()
    reference = models.CharField(max_length=100)
    booked_at = models.DateTimeField()
    amount_microwon = models.BigIntegerField()
    payer_no = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=10, choices=LineOutcome.choices)
    file_sha256 = models.CharField(max_length=64)
    imported_by = models.CharField(max_length=64)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "place", "reference"], name="bank_line_once"
            )
        ]


class BankMemo(models.Model):
    """The line's words, which may name people: erasable."""

    line = models.OneToOneField(BankLine, on_delete=models.PROTECT, related_name="memo_row")
    text = models.CharField(max_length=500)


class BankLink(models.Model):
    """A line and the journal that booked it: each at most once. Only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    line = models.OneToOneField(BankLine, on_delete=models.PROTECT, related_name="link")
    account = models.CharField(max_length=4)
    journal = models.UUIDField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "journal"], name="bank_link_once")
        ]
