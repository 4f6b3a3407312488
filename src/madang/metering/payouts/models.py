"""Payouts 지급: money that leaves a bank account for a supplier."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.statements.models import Statement
from madang.parties.models import Organisation, Supplier


class PayoutState(models.TextChoices):
    CREATED = "created", "생성"
    APPROVED = "approved", "승인"
    SENT = "sent", "송금중"
    SETTLED = "settled", "지급완료"
    FAILED = "failed", "실패"
    HELD = "held", "보류"
    WITHDRAWN = "withdrawn", "철회"


GONE = (PayoutState.FAILED, PayoutState.WITHDRAWN)
"""Nothing of these leaves a bank any more: what they were made for is payable again."""


class BankAccount(models.TextChoices):
    """Which account of the programme pays: the ledger's code for it."""

    SUBSIDY = "1100", "보조금 전용계좌"
    CO_PAYMENT = "1110", "자부담 예치계좌"


class Payout(models.Model):
    """One amount from one account of one programme year, for one statement.

    Or, without a statement, for one piece of work that was accepted (P24): then `payee` is the
    organisation that did it and `source_id` names the work. A failed payout stays failed,
    a withdrawn one withdrawn; trying again is a new payout with a new id.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="payouts", null=True
    )
    payee = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="payouts", null=True
    )
    source_id = models.CharField(max_length=64, blank=True)
    account = models.CharField(max_length=4, choices=BankAccount.choices)
    programme_year = models.UUIDField()
    programme = models.UUIDField()
    amount_microwon = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=PayoutState.choices, default=PayoutState.CREATED
    )
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "account", "programme_year"],
                condition=~models.Q(state__in=["failed", "withdrawn"]),
                name="payout_open_once",
            ),
            models.UniqueConstraint(
                fields=["source_id"],
                condition=~models.Q(state__in=["failed", "withdrawn"])
                & ~models.Q(source_id=""),
                name="payout_of_work_once",
            ),
            models.CheckConstraint(
                condition=models.Q(statement=None, payee__isnull=False)
                | models.Q(statement__isnull=False, payee=None),
                name="payout_has_one_payee",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="payout_amount_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by="")
                | ~models.Q(approved_by=models.F("created_by")),
                name="payout_four_eyes",
            ),
        ]

    @property
    def whom(self) -> Organisation | Supplier:
        """Who is paid."""
        found = self.statement.supplier if self.statement is not None else self.payee
        assert found is not None, "one of the two, by constraint"
        return found


class Offset(models.Model):
    """상계: what a supplier owes is kept back from one statement, in one fund.

    A refund agreed after settlement, or a clawback where the debtor is that supplier. Rows are
    only ever added; a statement's payouts are what its lines say less its offsets.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="offsets")
    account = models.CharField(max_length=4, choices=BankAccount.choices)
    programme_year = models.UUIDField()
    programme = models.UUIDField()
    amount_microwon = models.BigIntegerField()
    source_type = models.CharField(max_length=16)
    source_id = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="offset_amount_positive"
            )
        ]


class SupplierAccount(models.Model):
    """계좌: where a supplier is paid, known by its digest and last digits; two people."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="accounts")
    bank = models.CharField(max_length=40)
    number_sha256 = models.CharField(max_length=64)
    last_digits = models.CharField(max_length=4)
    entered_by = models.CharField(max_length=64)
    entered_at = models.DateTimeField()
    verified_by = models.CharField(max_length=64, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "number_sha256"], name="supplier_account_once"
            ),
            models.CheckConstraint(
                condition=models.Q(verified_by="")
                | ~models.Q(verified_by=models.F("entered_by")),
                name="supplier_account_four_eyes",
            ),
        ]
