"""Tokens for slurmrestd: short-lived, per mapped user, never root's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

from madang.compute.engines.slurm.settings import FORBIDDEN_USERS
from madang.compute.errors import UserForbidden


@dataclass
class TokenMint:
    """Signs tokens (HS256, the claims that Slurm reads) and keeps each for half its life.

    Its clock is the machine's: a token is between machines, it has nothing to do with when a
    job ran.
    """

    key: bytes
    lifespan_s: int
    _kept: dict[str, tuple[float, str]] = field(default_factory=dict)

    def token_for(self, user: str) -> str:
        """Raises UserForbidden for a user that may act as any other."""
        if user in FORBIDDEN_USERS or not user:
            raise UserForbidden(user=user, reason="name a user that administers nothing")
        made, token = self._kept.get(user, (0.0, ""))
        now = time.clock_gettime(time.CLOCK_REALTIME)
        if not token or now - made > self.lifespan_s / 2:
            token = sign(self.key, user, issued_s=int(now), lifespan_s=self.lifespan_s)
            self._kept[user] = now, token
        return token


def sign(key: bytes, user: str, *, issued_s: int, lifespan_s: int) -> str:
    head = _part({"alg": "HS256", "typ": "JWT"})
    body = _part({"exp": issued_s + lifespan_s, "iat": issued_s, "sun": user})
    signed = b".".join((head, body))
    mark = hmac.new(key, signed, hashlib.sha256).digest()
    return b".".join((signed, _text(mark))).decode()


def _part(claims: dict[str, str | int]) -> bytes:
    return _text(json.dumps(claims, separators=(",", ":")).encode())


def _text(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
