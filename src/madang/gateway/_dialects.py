"""The shapes of request and answer that callers may use.

The supplier always speaks chat/completions, completions or embeddings. A dialect says how a
caller's body becomes an Ask, how an answer goes back, and what an error looks like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from madang.gateway import _request
from madang.gateway._sse import event_with
from madang.gateway.errors import type_of

if TYPE_CHECKING:
    from madang.core.errors import MadangError
    from madang.gateway._answer import Translator
    from madang.gateway._catalogue import Route
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

    def whole(self, body: bytes, ask: Ask, call: str, tokens: Tokens) -> bytes:
        """A whole answer for the caller."""

    def translator(self, ask: Ask, call: str, route: Route) -> Translator | None:
        """What turns the supplier's events into this dialect's; None passes them on."""

    def error_body(self, error: MadangError, call: str) -> bytes: ...

    def error_event(self, error: MadangError) -> bytes:
        """An error in the middle of a stream."""


class Native:
    """OpenAI's shapes, which the supplier speaks too: bytes go through."""

    def __init__(self, upstream_path: bytes, name: str) -> None:
        self.upstream_path = upstream_path
        self._name = name

    def read(self, body: bytes) -> Ask:
        return READERS[self._name](body)

    def whole(self, body: bytes, ask: Ask, call: str, tokens: Tokens) -> bytes:
        return body

    def translator(self, ask: Ask, call: str, route: Route) -> Translator | None:
        return None

    def error_body(self, error: MadangError, call: str) -> bytes:
        return openai_error(error, call)

    def error_event(self, error: MadangError) -> bytes:
        return event_with(openai_error(error, ""))


READERS = {
    "chat": _request.read_chat,
    "completions": _request.read_completion,
    "embeddings": _request.read_embedding,
}


def openai_error(error: MadangError, call: str) -> bytes:
    """{"error": …} as OpenAI's clients read it, with our stable code."""
    return _encoder.encode({"error": {"type": type_of(error), **facts_of(error, call)}})


def facts_of(error: MadangError, call: str) -> dict[str, object]:
    """What every dialect tells of an error."""
    facts: dict[str, object] = {
        "message": error.sentence("en"),
        "message_ko": error.sentence("ko"),
        "code": error.code,
        "param": error.fields.get("field"),
    }
    if call:
        facts["call_id"] = call
    return facts | {name: value for name, value in error.fields.items() if name != "field"}


CHAT = Native(b"/chat/completions", "chat")
COMPLETIONS = Native(b"/completions", "completions")
EMBEDDINGS = Native(b"/embeddings", "embeddings")

DIALECTS: dict[bytes, Dialect] = {
    b"/v1/chat/completions": CHAT,
    b"/v1/completions": COMPLETIONS,
    b"/v1/embeddings": EMBEDDINGS,
}
