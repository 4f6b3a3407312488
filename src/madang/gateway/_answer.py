"""What comes back from a supplier, whole or as a stream, on its way to the caller.

Either kind watches for usage at the top level of JSON, knows what was observed when none is
told, and lets the last bytes go only when the call says that its COMMIT is on file.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec

from madang.gateway._request import Ask
from madang.gateway._sse import DONE, END, Framer, data_of, events_of
from madang.gateway._usage import NO_TOKENS, Tokens, find_usage, is_error, may_carry_usage
from madang.gateway.errors import UNREADABLE

_TELLING = (b'"usage"', DONE, b'"error"')
"""Words without which a block of events can be passed on as it is."""
RECENT_BLOCKS = 4
"""The blocks in which a reason to finish is looked for, should [DONE] never come."""
BYTES_PER_TOKEN = 4
"""For an estimate only: what a token of text weighs, when nobody has told."""


class Translator(Protocol):
    """Turns a supplier's chat stream into the events of another dialect."""

    def event(self, data: bytes) -> bytes:
        """What one event's data become; perhaps nothing."""

    def end(self, tokens: Tokens) -> bytes:
        """The last events, when all is well."""


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: msgspec.Raw = msgspec.Raw(b"")


class _Choice(msgspec.Struct):
    finish_reason: str | None = None
    text: str | None = None
    message: _Delta | None = None
    delta: _Delta | None = None


class _Choices(msgspec.Struct):
    choices: list[_Choice] = []


_choices = msgspec.json.Decoder(_Choices)


def _observed_bytes(choices: list[_Choice]) -> int:
    size = 0
    for choice in choices:
        size += len((choice.text or "").encode())
        for said in (choice.message, choice.delta):
            if said is not None:
                texts = (said.content or "") + (said.reasoning_content or "")
                size += len(texts.encode()) + memoryview(said.tool_calls).nbytes
    return size


def estimate(ask: Ask, *, output_tokens: int) -> Tokens:
    """Tokens of a call whose supplier told no usage: nothing observed means nothing charged.

    A call that generates nothing (embeddings) is observed when its answer is.
    """
    if not output_tokens and ask.has_output:
        return NO_TOKENS
    return Tokens(input=-(-ask.input_bytes // BYTES_PER_TOKEN), output=output_tokens)


class WholeAnswer:
    """An answer in one JSON text."""

    __slots__ = ("_pieces", "_size", "is_suspicious", "tokens")

    def __init__(self) -> None:
        self.tokens: Tokens | None = None
        self.is_suspicious = False
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> int:
        """Keep a piece; the size so far."""
        self._pieces.append(data)
        self._size += len(data)
        return self._size

    @property
    def body(self) -> bytes:
        if len(self._pieces) != 1:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0]

    def read(self) -> bool:
        """Look for usage. False when the text is no JSON object."""
        found = find_usage(self.body)
        self.tokens, self.is_suspicious = found.tokens, found.is_suspicious
        return found.is_json

    @property
    def output_tokens(self) -> int:
        """What was observed, in tokens: a token for every so many bytes of text."""
        try:
            said = _choices.decode(self.body)
        except UNREADABLE:
            return 0
        return -(-_observed_bytes(said.choices) // BYTES_PER_TOKEN)


class StreamAnswer:
    """An answer in events. `feed` returns what may go to the caller now."""

    __slots__ = (
        "_events", "_framer", "_is_done", "_recent", "_translator", "_wants_usage",
        "has_error", "is_suspicious", "tokens",
    )  # fmt: skip

    def __init__(
        self, *, event_bytes_max: int, wants_usage: bool, translator: Translator | None
    ) -> None:
        self.tokens: Tokens | None = None
        self.is_suspicious = False
        self._framer = Framer(event_bytes_max)
        self._wants_usage = wants_usage
        self._translator = translator
        self._events = 0
        self._recent: deque[bytes] = deque(maxlen=RECENT_BLOCKS)
        self._is_done = False
        self.has_error = False

    @property
    def is_done(self) -> bool:
        """[DONE] was seen: nothing that follows counts."""
        return self._is_done

    def feed(self, data: bytes) -> bytes:
        """Whole events that may go on. Raises EventTooLarge."""
        block = self._framer.feed(data)
        if not block or self._is_done:
            return b""
        self._recent.append(block)
        if self._translator is not None:
            return self._sift(block)
        first = min(
            (place for word in _TELLING if (place := block.find(word)) >= 0), default=len(block)
        )
        border = len(block) if first == len(block) else block.rfind(END, 0, first) + len(END)
        if border <= len(END):
            return self._sift(block)
        plain = block[:border]
        self._events += _count(plain)
        return plain if border == len(block) else plain + self._sift(block[border:])

    def _sift(self, block: bytes) -> bytes:
        """Event by event, where usage or the end may be among them."""
        out = []
        for event in events_of(block):
            data = data_of(event)
            if data.strip() == DONE:
                self._is_done = True
                break
            if may_carry_usage(event) and self._note_usage(data):
                continue
            if b'"error"' in event and is_error(data):
                self.has_error = True
            else:
                self._events += 1
            out.append(
                event + END if self._translator is None else self._translator.event(data)
            )
        return b"".join(out)

    def _note_usage(self, data: bytes) -> bool:
        """Take usage from an event. True when the caller should not see that event."""
        found = find_usage(data)
        if found.tokens is not None:
            self.tokens = found.tokens  # cumulative or repeated: the last valid one wins
        self.is_suspicious |= found.is_suspicious
        if self._translator is not None:
            return found.is_usage_only
        return found.is_usage_only and not self._wants_usage

    @property
    def is_whole(self) -> bool:
        """Whether the stream came to its end: [DONE], or a reason to finish at the end."""
        return self._is_done or any(
            _has_finished(event) for block in self._recent for event in events_of(block)
        )

    @property
    def output_tokens(self) -> int:
        """What was observed: every event carries a token at least, but the first has none."""
        return max(self._events - 1, 0)

    def last(self, tokens: Tokens) -> bytes:
        """The bytes that end the stream for the caller."""
        if self._translator is not None:
            return self._translator.end(tokens)
        return b"data: [DONE]\n\n" if self._is_done else b""


def _count(block: bytes) -> int:
    """How many events a block has, if all have as many lines as the first: for estimates."""
    lines = block.count(b"\n", 0, block.find(END) + len(END))
    return block.count(b"\n") // lines


def _has_finished(event: bytes) -> bool:
    try:
        said = _choices.decode(data_of(event))
    except UNREADABLE:
        return False
    return any(choice.finish_reason for choice in said.choices)
