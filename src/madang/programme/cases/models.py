"""Clawback 환수: from a suspicion to the treasury, with a hearing before any decision."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.models import Voucher
from madang.parties.models import Organisation, Supplier
from madang.programme.awards.models import Award
from madang.programme.flags.models import Flag


class Ground(models.TextChoices):
    """What the law's table tells apart."""

    FRAUD = "fraud", "거짓·부정"
    OTHER_PURPOSE = "other_purpose", "목적외 사용"
    BREACH = "breach", "법령·명령 위반"
    REQUIREMENT = "requirement", "요건 미충족"


class CaseState(models.TextChoices):
    SUSPECTED = "suspected", "의심"
    INVESTIGATING = "investigating", "조사"
    HEARD = "heard", "의견제출"
    DECIDED = "decided", "결정"
    RECEIVABLE = "receivable", "환수통지"
    INSTALMENT = "instalment", "분할납부"
    COLLECTED = "collected", "수납완료"
    SET_OFF = "set_off", "상계완료"
    WRITTEN_OFF = "written_off", "결손"
    DROPPED = "dropped", "종결"


class ClawbackCase(models.Model):
    """One award, one debtor. Its id is a ledger dimension; what is still owed, the ledger says.

    `found_microwon` is what somebody suspects, `principal_microwon` what was decided. The
    multiplier is the one of the law's table at the decision, whose version is `law`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="cases")
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, related_name="cases"
    )
    debtor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, null=True, related_name="cases"
    )
    ground = models.CharField(max_length=16, choices=Ground.choices)
    found_microwon = models.BigIntegerField()
    principal_microwon = models.BigIntegerField(default=0)
    surcharge_microwon = models.BigIntegerField(default=0)
    multiplier = models.PositiveIntegerField(default=0)
    law = models.UUIDField(null=True)
    state = models.CharField(
        max_length=16, choices=CaseState.choices, default=CaseState.SUSPECTED
    )
    hold = models.UUIDField(null=True)
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, null=True, related_name="cases")
    evidence = models.JSONField(default=dict)  # of the finding, as it stood
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    has_suspended = models.BooleanField(default=False)
    opened_by = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    hearing_due_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    pay_due_at = models.DateTimeField(null=True, blank=True)
    write_off_proposed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(found_microwon__gte=0)
                & models.Q(principal_microwon__gte=0)
                & models.Q(surcharge_microwon__gte=0),
                name="case_amounts_not_negative",
            ),
            models.UniqueConstraint(fields=["flag", "award"], name="case_once_per_finding"),
        ]


class CaseAnswer(models.Model):
    """의견: what the debtor says before the decision. Words of people: erasable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(ClawbackCase, on_delete=models.PROTECT, related_name="answers")
    text = models.TextField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField()


class CaseInstalment(models.Model):
    """분할납부: one date of the plan. Fractions below ten won are in the first."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(ClawbackCase, on_delete=models.PROTECT, related_name="instalments")
    number = models.PositiveIntegerField()
    amount_microwon = models.BigIntegerField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="case_instalment_once")
        ]


class CaseWay(models.TextChoices):
    CASH = "cash", "현금"
    SET_OFF = "set_off", "상계"
    WRITE_OFF = "write_off", "결손"
    REMIT = "remit", "세입"


class CaseMove(models.Model):
    """One posting on a case (P21), under a reference that counts once. Only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(ClawbackCase, on_delete=models.PROTECT, related_name="moves")
    way = models.CharField(max_length=12, choices=CaseWay.choices)
    reference = models.CharField(max_length=100)
    principal_microwon = models.BigIntegerField()
    surcharge_microwon = models.BigIntegerField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "reference"], name="case_move_once")
        ]
