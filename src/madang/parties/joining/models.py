"""Requests to join 가입 요청."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.organisations.models import OrganisationKind
from madang.parties.people.models import Person

WORDS_MAX = 1000


class JoinState(models.TextChoices):
    ASKED = "asked", "요청"
    ACCEPTED = "accepted", "수락"
    DECLINED = "declined", "거절"


class JoinRequest(models.Model):
    """Somebody asks to be entered, with their organisation.

    What names a person is kept until the decision and emptied by it: after that it stands with
    the person who was entered, or nowhere. `sender` is a digest of the day, no address.
    A declined one keeps its address and the reason until the letter is taken (`telling.py`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=2, default="ko")
    role = models.CharField(max_length=16)
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=16, choices=OrganisationKind.choices)
    registration_no = models.CharField(max_length=20)
    region = models.CharField(max_length=40, blank=True)
    representative = models.CharField(max_length=100, blank=True)
    words = models.TextField(max_length=WORDS_MAX, blank=True)
    sender = models.CharField(max_length=64)
    state = models.CharField(
        max_length=16, choices=JoinState.choices, default=JoinState.ASKED, db_index=True
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    reason = models.TextField(max_length=WORDS_MAX, blank=True)
    tell_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(state=JoinState.ASKED),
                name="join_request_open_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
