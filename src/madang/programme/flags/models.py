"""Flags 의심 표지: what a join of facts found. A person decides; nothing follows by itself."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Organisation
from madang.programme.applications.models import Application


class Contact(models.Model):
    """Where an organisation sits and is paid. Personal where it is one person: erasable.

    The account is kept as a keyed digest: enough to see that two are one, no more.
    """

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, primary_key=True, related_name="contact"
    )
    address = models.CharField(max_length=200, blank=True)
    account_digest = models.CharField(max_length=64, blank=True, db_index=True)


class SubmissionTrace(models.Model):
    """From which network an application was handed in, as a keyed digest. Erasable."""

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, primary_key=True, related_name="trace"
    )
    network_digest = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField()


class FlagKind(models.TextChoices):
    """Which facts came together."""

    SAME_REPRESENTATIVE = "same_representative", "같은 대표자"
    SAME_ADDRESS = "same_address", "같은 주소"
    SAME_ACCOUNT = "same_account", "같은 계좌"
    SAME_NETWORK = "same_network", "같은 네트워크"
    BURST = "burst", "몰린 접수"
    SELF_DEALING = "self_dealing", "자기거래"
    PAYBACK = "payback", "페이백"
    RESALE = "resale", "되팔기"
    RUSH = "rush", "급한 소진"


class FlagState(models.TextChoices):
    OPEN = "open", "확인 필요"
    CLEARED = "cleared", "문제 없음"
    CONFIRMED = "confirmed", "사실로 확인"


class Flag(models.Model):
    """One finding. `key` names what was joined, so that looking again finds the same row.

    `evidence` holds opaque ids, counts and instants; names are read from their own rows.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=24, choices=FlagKind.choices)
    key = models.CharField(max_length=200, unique=True)
    organisations = models.ManyToManyField(Organisation, related_name="flags")
    evidence = models.JSONField()
    evidence_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=FlagState.choices, default=FlagState.OPEN)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["state", "-found_at"], name="flag_state_found")]
