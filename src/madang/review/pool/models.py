"""The pool of reviewers 평가위원 후보단."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Person


class Reviewer(models.Model):
    """A person who may be asked. Whoever holds the role enters at the first assignment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="reviewer")
    expertise = ArrayField(models.CharField(max_length=64), default=list)
    is_peer = models.BooleanField(default=False)  # judges as an applicant, in that call alone
    suspended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
