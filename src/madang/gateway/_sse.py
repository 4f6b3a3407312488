"""Server-sent events, framed: whole events out, however the network cut them.

Nothing is decided by searching text: an event ends at an empty line, its data are its `data:`
lines, and only a JSON parser says what is in them. Line ends become "\\n" on the way.
"""

from __future__ import annotations

DONE = b"[DONE]"
END = b"\n\n"


class EventTooLarge(ValueError):
    """An event without an end in sight."""


class Framer:
    """Cuts a stream into blocks of whole events. What is not yet whole stays inside."""

    __slots__ = ("_carry", "_event_bytes_max", "_saw_cr")

    def __init__(self, event_bytes_max: int) -> None:
        self._carry = b""
        self._saw_cr = False
        self._event_bytes_max = event_bytes_max

    def feed(self, data: bytes) -> bytes:
        """All events that are whole now, each with its empty line; perhaps none.

        Raises EventTooLarge when one event passes the limit.
        """
        if self._saw_cr or b"\r" in data:
            data = self._plain(data)
        if self._carry:
            data = self._carry + data
        end = data.rfind(END) + len(END)
        if end < len(END):
            block, self._carry = b"", data
        else:
            block, self._carry = data[:end], data[end:]
        if len(self._carry) > self._event_bytes_max:
            raise EventTooLarge(f"an event of more than {self._event_bytes_max} bytes")
        return block

    def _plain(self, data: bytes) -> bytes:
        """Every line end as "\\n". A "\\r" that came last may have had its "\\n" cut off."""
        if self._saw_cr and data.startswith(b"\n"):
            data = data[1:]
        self._saw_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    @property
    def rest(self) -> bytes:
        """What never became a whole event."""
        return self._carry


def events_of(block: bytes) -> list[bytes]:
    """The events of a block of whole ones, without their empty lines."""
    return [event for event in block.split(END) if event.strip(b"\n")]


def data_of(event: bytes) -> bytes:
    """The data of one event: its `data:` lines joined, each without one leading space."""
    if event.startswith(b"data: ") and b"\n" not in event:
        return event[6:]
    lines = []
    for line in event.split(b"\n"):
        name, _, value = line.partition(b":")
        if name == b"data":
            lines.append(value[1:] if value.startswith(b" ") else value)
    return b"\n".join(lines)


def event_with(data: bytes, name: str = "") -> bytes:
    """One event, ready to send."""
    head = b"event: " + name.encode() + b"\n" if name else b""
    return head + b"data: " + data + END
