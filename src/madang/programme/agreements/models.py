"""Agreements 협약: one text, signed by every party."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Organisation
from madang.programme.awards.models import Award


class AgreementState(models.TextChoices):
    DRAFTING = "drafting", "작성"
    PENDING = "pending_signatures", "서명대기"
    SIGNED = "signed", "체결"
    AMENDED = "amended", "변경체결"
    COMPLETED = "completed", "완료"
    TERMINATED = "terminated", "해약"
    LAPSED = "lapsed", "실효"


class PartyRole(models.TextChoices):
    AGENCY = "agency", "전담기관"
    BENEFICIARY = "beneficiary", "수요기업"
    SUPPLIER = "supplier", "공급기업"
    FORMER = "former_supplier", "이전 공급기업"


class Agreement(models.Model):
    """`terms` holds ids and amounts; what a party signs is `terms_sha256`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="agreement")
    terms = models.JSONField()
    terms_sha256 = models.CharField(max_length=64)
    sign_due_at = models.DateTimeField()
    state = models.CharField(
        max_length=24, choices=AgreementState.choices, default=AgreementState.DRAFTING
    )
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)


class AgreementParty(models.Model):
    """A place to sign, and the signature. The agency has no organisation of its own here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="parties")
    role = models.CharField(max_length=16, choices=PartyRole.choices)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True)
    signed_by = models.CharField(max_length=64, blank=True)
    signed_sha256 = models.CharField(max_length=64, blank=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "role"], name="agreement_party_once")
        ]


class AmendmentState(models.TextChoices):
    PROPOSED = "proposed", "서명대기"
    SIGNED = "signed", "체결"
    WITHDRAWN = "withdrawn", "철회"
    LAPSED = "lapsed", "실효"


class Amendment(models.Model):
    """변경협약: the whole text anew, with its number; in force when every party has signed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="amendments"
    )
    number = models.PositiveIntegerField()
    changes = models.JSONField()
    terms = models.JSONField()
    terms_sha256 = models.CharField(max_length=64)
    sign_due_at = models.DateTimeField()
    state = models.CharField(
        max_length=12, choices=AmendmentState.choices, default=AmendmentState.PROPOSED
    )
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="amendment_once"),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=models.Q(state="proposed"),
                name="amendment_open_once",
            ),
        ]


class AmendmentParty(models.Model):
    """A place to sign an amendment, and the signature."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    amendment = models.ForeignKey(Amendment, on_delete=models.PROTECT, related_name="parties")
    role = models.CharField(max_length=16, choices=PartyRole.choices)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True)
    signed_by = models.CharField(max_length=64, blank=True)
    signed_sha256 = models.CharField(max_length=64, blank=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["amendment", "role"], name="amendment_party_once")
        ]
