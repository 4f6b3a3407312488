"""One caller of an Idempotency-Key wins; the others get its answer, or are told to wait.

A claim is made with the till before anything has an effect, and holds across workers. The
answer of a finished call is kept by the till, encrypted under a key derived from the caller's
API secret, which nobody here stores: only who shows the secret again can have it replayed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from madang.core.errors import MadangError
from madang.gateway.errors import UNREADABLE, BodyDiffers, CallInFlight, LedgerUnavailable
from madang.wire.messages import IdemAnswer, IdemClaim, ReplayStored

NAME_BYTES_MAX = 255
_NONCE_BYTES = 12
_INFO = b"madang idempotent replay 1"


class Replay(msgspec.Struct, frozen=True):
    """An answer as it is kept."""

    call: str
    is_stream: bool
    body: bytes


_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(Replay)


def _cipher(secret: bytes, call: bytes) -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=32, salt=call, info=_INFO)
    return AESGCM(derive.derive(secret))


def seal(secret: bytes, call: UUID, replay: Replay) -> bytes:
    """Encrypt an answer so that only the holder of the API secret can read it."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(secret, call.bytes).encrypt(
        nonce, _packer.encode(replay), call.bytes
    )


def unseal(secret: bytes, call: UUID, sealed: bytes) -> Replay | None:
    """The answer; None when it was not sealed with this secret for this call."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _unpacker.decode(_cipher(secret, call.bytes).decrypt(nonce, rest, call.bytes))
    except (InvalidTag, *UNREADABLE):
        return None


class Claimant(Protocol):
    """What waits for the answer to a claim."""

    def start(self) -> None: ...

    def refused(self, error: MadangError) -> None: ...

    def replayed(self, replay: Replay) -> None: ...

    @property
    def is_gone(self) -> bool: ...


class Claim:
    """The claim of one call, from the question to the till until its answer is kept."""

    __slots__ = ("_bytes_max", "_is_over", "_is_stream", "_pieces", "_secret", "_send", "_size",
                 "asked_at", "call", "call_id")  # fmt: skip

    def __init__(
        self,
        call: Claimant,
        call_id: UUID,
        *,
        secret: bytes,
        is_stream: bool,
        send: Callable[[ReplayStored], bool],
        bytes_max: int,
        asked_at: float,
    ) -> None:
        self.call = call
        self.call_id = call_id
        self.asked_at = asked_at
        self._secret = secret
        self._is_stream = is_stream
        self._send = send
        self._bytes_max = bytes_max
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_over = False

    def keep(self, data: bytes) -> None:
        """A piece of the answer, as the caller sees it."""
        self._size += len(data)
        if self._size <= self._bytes_max:
            self._pieces.append(data)
        else:
            self._pieces.clear()

    def end(self, *, charge: int, is_failed: bool = False) -> None:
        """The call has ended. A failed one that cost nothing may be made again."""
        if self._is_over:
            return
        self._is_over = True
        sealed = b""
        if not is_failed and self._size <= self._bytes_max:
            kept = Replay(str(self.call_id), self._is_stream, b"".join(self._pieces))
            sealed = seal(self._secret, self.call_id, kept)
        self._pieces.clear()
        self._send(ReplayStored(self.call_id, sealed, free=is_failed and charge == 0))

    def answered(self, told: IdemAnswer) -> None:
        """The till has decided."""
        if told.outcome == "fresh":
            if self.call.is_gone:
                self.end(charge=0, is_failed=True)
            else:
                self.call.start()
            return
        self._is_over = True  # the claim is another call's
        if told.outcome == "done" and told.replay:
            replay = unseal(self._secret, told.call, told.replay)
            if replay is not None:
                self.call.replayed(replay)
                return
        if told.outcome == "body_differs":
            self.call.refused(BodyDiffers())
            return
        state = {"in_flight": "in flight", "done": "done, and its answer was not kept"}
        self.call.refused(
            CallInFlight(
                call_id=str(told.call), state=state.get(told.outcome, "of unknown outcome")
            )
        )

    def lost(self) -> None:
        """The till is not there to decide."""
        self._is_over = True
        self.call.refused(LedgerUnavailable())


@dataclass(frozen=True, slots=True)
class ClaimStatistics:
    asked: int
    waiting: int


class Claims:
    """Claims that wait for the till."""

    def __init__(self, send: Callable[[IdemClaim], bool]) -> None:
        self._send = send
        self._request = 0
        self._waiting: dict[int, Claim] = {}

    def ask(self, claim: Claim, key_no: int, name: bytes, path: bytes, body: bytes) -> None:
        self._request += 1
        question = IdemClaim(
            request=self._request,
            key_no=key_no,
            idem_sha256=hashlib.sha256(name).digest(),
            body_sha256=hashlib.sha256(path + b"\n" + body).digest(),
            call=claim.call_id,
        )
        if self._send(question):
            self._waiting[self._request] = claim
        else:
            claim.lost()

    def answered(self, told: IdemAnswer) -> None:
        claim = self._waiting.pop(told.request, None)
        if claim is not None:
            claim.answered(told)

    def till_lost(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for claim in waiting.values():
            claim.lost()

    def sweep(self, now: float, wait_s_max: float) -> None:
        late = [no for no, one in self._waiting.items() if now - one.asked_at > wait_s_max]
        for number in late:
            self._waiting.pop(number).lost()

    def statistics(self) -> ClaimStatistics:
        return ClaimStatistics(asked=self._request, waiting=len(self._waiting))
