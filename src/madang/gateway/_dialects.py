"""The shapes of request and answer that callers may use.

The supplier always speaks chat/completions, completions or embeddings. A dialect says how a
caller's body becomes an Ask, how an answer goes back, and what an error looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from madang.gateway import _request
from madang.gateway._messages import Messages
from madang.gateway._responses import Responses
from madang.gateway._sse import event_with
from madang.gateway.errors import type_of

if TYPE_CHECKING:
    from madang.core.errors import MadangError
    from madang.gateway._answer import Translator
    from madang.gateway._chunks import Json
    from madang.gateway._request import Ask
    from madang.gateway._usage import Tokens

_encoder = msgspec.json.Encoder()


class Dialect(Protocol):
    """One way to call."""

    @property
    def upstream_path(self) -> bytes:
        """Where the supplier takes such calls, behind its own address."""

    def read(self, body: bytes) -> Ask:
        """Raises RequestMalformed."""

    def whole(self, body: bytes, ask: Ask, call: str, tokens: Tokens) -> bytes | None:
        """A whole answer for the caller; None when the supplier's cannot be told in it."""

    def translator(self, ask: Ask, call: str) -> Translator | None:
        """What turns the supplier's events into this dialect's; None passes them on."""

    def error_body(self, error: MadangError, facts: Json) -> bytes: ...

    def error_event(self, error: MadangError, facts: Json) -> bytes:
        """An error in the middle of a stream."""


class Native:
    """OpenAI's shapes, which the supplier speaks too: bytes go through."""

    def __init__(self, upstream_path: bytes, read: Callable[[bytes], Ask]) -> None:
        self.upstream_path = upstream_path
        self._read = read

    def read(self, body: bytes) -> Ask:
        return self._read(body)

    def whole(self, body: bytes, ask: Ask, call: str, tokens: Tokens) -> bytes:
        return body

    def translator(self, ask: Ask, call: str) -> Translator | None:
        return None

    def error_body(self, error: MadangError, facts: Json) -> bytes:
        """{"error": …} as OpenAI's clients read it, with our stable code."""
        return _encoder.encode({"error": {"type": type_of(error), **facts}})

    def error_event(self, error: MadangError, facts: Json) -> bytes:
        return event_with(self.error_body(error, facts))


def facts_of(error: MadangError, call: str = "") -> Json:
    """What every dialect tells of an error."""
    facts: Json = {
        "message": error.sentence("en"),
        "message_ko": error.sentence("ko"),
        "code": error.code,
        "param": error.fields.get("field"),
    }
    if call:
        facts["call_id"] = call
    return facts | {name: value for name, value in error.fields.items() if name != "field"}


CHAT = Native(b"/chat/completions", _request.read_chat)

DIALECTS: dict[bytes, Dialect] = {
    b"/v1/chat/completions": CHAT,
    b"/v1/completions": Native(b"/completions", _request.read_completion),
    b"/v1/embeddings": Native(b"/embeddings", _request.read_embedding),
    b"/v1/responses": Responses(),
    b"/v1/messages": Messages(),
}
