"""`Idempotency-Key` on the API's writes: the first answer, again and again for 24 hours.

The key's row, the action's rows and the stored answer are one transaction. So a process that
dies in between leaves nothing, and the retry does the work; a retry that comes while the first
still works waits for it on the row's unique index. Refusals are not stored: they changed
nothing, and asking again may find the state changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from madang.core.errors import MadangError
from madang.parties.people.models import Person
from madang.portal.errors import (
    IdempotencyBodyDiffers,
    IdempotencyInFlight,
    IdempotencyKeyMalformed,
)
from madang.portal.middleware.actor import API_PREFIX, bearer_of
from madang.portal.models import IdempotentAnswer
from madang.portal.problems import problem

HEADER = "idempotency-key"
KEY_LENGTH_MAX = 200
KEPT = timedelta(hours=24)
WAIT_MS_MAX = 15_000
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STATUS_OK_MAX = 299
MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One write with a key: what identifies it, and what its answer is sealed with."""

    person: Person
    key_sha256: bytes
    request_sha256: bytes
    cipher: AESGCM
    at: datetime


class IdempotencyMiddleware:
    """Outside the view, inside the actor: it needs to know who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get(HEADER)
        person: Person | None = getattr(request, "person", None)
        is_write = request.path.startswith(API_PREFIX) and request.method not in SAFE
        is_file = request.content_type == MULTIPART  # a file is named by its bytes
        if key is None or person is None or not is_write or is_file:
            return self._get_response(request)
        if not (0 < len(key) <= KEY_LENGTH_MAX and key.isascii() and key.isprintable()):
            return problem(request, IdempotencyKeyMalformed(reason=HEADER))
        return self._once(request, _asked(request, person, key))

    def _once(self, request: HttpRequest, asked: _Asked) -> HttpResponseBase:
        try:
            with transaction.atomic():
                row = _claim(asked)
                if row.status:
                    return _replay(row, asked)
                response = self._get_response(request)
                if response.status_code > STATUS_OK_MAX:
                    transaction.set_rollback(True)
                else:
                    _keep(row, asked, response)
                return response
        except MadangError as error:
            return problem(request, error)


def _asked(request: HttpRequest, person: Person, key: str) -> _Asked:
    line = f"{request.method} {request.get_full_path()}\n".encode()
    kind = request.headers.get("content-type", "").split(";")[0].encode()
    derived = HKDF(SHA256(), 32, salt=key.encode(), info=b"madang idempotent answer").derive(
        bearer_of(request).encode()
    )
    return _Asked(
        person=person,
        key_sha256=hashlib.sha256(key.encode()).digest(),
        request_sha256=hashlib.sha256(line + kind + b"\n" + request.body).digest(),
        cipher=AESGCM(derived),
        at=request.at,  # type: ignore[attr-defined]  # set by ActorMiddleware
    )


def _claim(asked: _Asked) -> IdempotentAnswer:
    """The row of this key, locked: fresh, or with its answer. Takes the row's lock."""
    rows = IdempotentAnswer.objects
    rows.filter(person=asked.person, created_at__lt=asked.at - KEPT).delete()
    fresh = IdempotentAnswer(
        person=asked.person,
        key_sha256=asked.key_sha256,
        request_sha256=asked.request_sha256,
        created_at=asked.at,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(WAIT_MS_MAX)])
    try:
        rows.bulk_create([fresh], ignore_conflicts=True)
        row = rows.select_for_update().get(person=asked.person, key_sha256=asked.key_sha256)
    except OperationalError as err:
        raise IdempotencyInFlight from err
    if bytes(row.request_sha256) != asked.request_sha256:
        raise IdempotencyBodyDiffers
    return row


def _keep(row: IdempotentAnswer, asked: _Asked, response: HttpResponse) -> None:
    row.status = response.status_code
    nonce = row.pk.to_bytes(12)
    row.answer = asked.cipher.encrypt(nonce, response.content, asked.request_sha256)
    row.save(update_fields=["status", "answer"])


def _replay(row: IdempotentAnswer, asked: _Asked) -> HttpResponse:
    nonce = row.pk.to_bytes(12)
    content = asked.cipher.decrypt(nonce, bytes(row.answer), asked.request_sha256)
    response = HttpResponse(content, status=row.status, content_type="application/json")
    response.headers["idempotency-replayed"] = "true"
    return response
