"""The chart as rows, the accounts that came into being, and their balances."""

from __future__ import annotations

from django.db import models

from madang.ledger.facts import Fact


class AccountKind(models.Model):
    """One line of the chart: written by migrations only, it guards every entry."""

    code = models.CharField(max_length=8, primary_key=True)
    book = models.CharField(max_length=1)
    normal = models.SmallIntegerField()  # 1: debit, -1: credit
    whole_won = models.BooleanField()
    keys = models.JSONField()  # the alternatives of dimension names

    class Meta:
        db_table = "ledger_account_kind"


class Account(Fact):
    """A code with its dimensions: `key` as canonical text, `dimensions` as JSON."""

    code = models.ForeignKey(AccountKind, on_delete=models.PROTECT, db_column="code")
    key = models.TextField(unique=True)
    dimensions = models.JSONField()
    book = models.CharField(max_length=1)
    voucher = models.UUIDField(null=True)
    supplier = models.UUIDField(null=True)

    class Meta:
        db_table = "ledger_account"
        indexes = [
            models.Index(fields=["voucher"], name="ledger_account_voucher"),
            models.Index(fields=["supplier", "code"], name="ledger_account_supplier"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id", "book"], name="ledger_account_in_its_book"),
        ]


class Balance(Fact):
    """What the entries of an account add up to: a projection, moved by trigger only."""

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="balance"
    )
    normal = models.SmallIntegerField()
    whole_won = models.BooleanField()
    debit = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    credit = models.DecimalField(max_digits=38, decimal_places=0, default=0)

    class Meta:
        db_table = "ledger_balance"
