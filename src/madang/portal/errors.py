"""Refusals of this room.

Malformed
├── FormInvalid             fields of a page or an API body cannot be taken
├── CsrfFailed              a form without its token
└── IdempotencyKeyMalformed
Refused
├── IdempotencyBodyDiffers  the key was used for another request: 422
├── MethodNotAllowed        405
└── BodyTooLarge            413
Conflict
└── IdempotencyInFlight     the first request with this key has not ended
Unwell
├── MailNotSent             the mail server did not take a message
└── Unforeseen              a mistake of ours
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from madang.core.errors import Conflict, Malformed, Refused, Unwell


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of a form; a form as a whole has neither name nor label."""

    name: str
    label: str
    sentences: list[str]


class FormInvalid(Malformed):
    code: ClassVar[str] = "portal.form.invalid"
    http_status: ClassVar[int] = 422
    faults: Sequence[Fault] = ()

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Field by field, for the page that is drawn again; in one sentence for others."""
        told = [
            f"{one.label}: {text}" if one.label else text
            for one in faults
            for text in one.sentences
        ]
        error = cls(reason=" ".join(told).removesuffix("."))
        error.faults = faults
        return error


class CsrfFailed(Malformed):
    code: ClassVar[str] = "portal.form.stale"
    http_status: ClassVar[int] = 403


class IdempotencyBodyDiffers(Refused):
    code: ClassVar[str] = "portal.idempotency.body_differs"


class IdempotencyKeyMalformed(Malformed):
    code: ClassVar[str] = "portal.idempotency.key_malformed"


class IdempotencyInFlight(Conflict):
    code: ClassVar[str] = "portal.idempotency.in_flight"


class MethodNotAllowed(Refused):
    code: ClassVar[str] = "portal.request.method_not_allowed"
    http_status: ClassVar[int] = 405


class BodyTooLarge(Refused):
    code: ClassVar[str] = "portal.body.too_large"
    http_status: ClassVar[int] = 413


class MailNotSent(Unwell):
    code: ClassVar[str] = "portal.mail.not_sent"


class Unforeseen(Unwell):
    code: ClassVar[str] = "portal.platform.unforeseen"
    http_status: ClassVar[int] = 500
