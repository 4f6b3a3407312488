"""The portal's one table: answers kept for a replay."""

from __future__ import annotations

from django.db import models

from madang.parties.people.models import Person


class IdempotentAnswer(models.Model):
    """The first answer to one Idempotency-Key of one person, kept for 24 hours.

    `answer` is encrypted with a key derived from the bearer token, which the server does not
    keep: a key or token that is shown once stays shown once.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    key_sha256 = models.BinaryField(max_length=32)
    request_sha256 = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.BinaryField(default=b"")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "key_sha256"], name="answer_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="answer_age")]
