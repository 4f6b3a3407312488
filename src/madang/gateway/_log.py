"""Structured logs: one JSON object a line on standard error. Opaque ids only, never text."""

from __future__ import annotations

import sys

import msgspec

_encoder = msgspec.json.Encoder()


def log(level: str, event: str, **facts: str | int | float | bool | None) -> None:
    """Write one line. Not for the path of a call that goes well."""
    line = _encoder.encode({"level": level, "event": event, **facts}).decode()
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
