"""What a report says of itself beside its figures: read from the signed bytes, kept nowhere."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import msgspec

from madang.testbed.board.models import BoardReport


class Note(msgspec.Struct, frozen=True):
    """Something that happened and is no reason against a pass."""

    code: str
    meaning: str
    detail: str = ""
    fatal: bool = False


class Predicted(msgspec.Struct, frozen=True):
    """What was foretold before the run, of the figure by which the scenario is judged."""

    figure: str
    value: float
    measured: float | None = None
    error: float | None = None
    method: str = ""


class _Predicate(msgspec.Struct, frozen=True):
    findings: tuple[Note, ...] = ()
    prediction: Predicted | msgspec.UnsetType = msgspec.UNSET


class _Statement(msgspec.Struct, frozen=True):
    predicate: _Predicate


class _Envelope(msgspec.Struct, frozen=True):
    payload: str


@dataclass(frozen=True, slots=True)
class Said:
    notes: tuple[Note, ...]
    prediction: Predicted | None


def said_by(report: BoardReport) -> Said:
    """The bytes were checked against their key when the report was published."""
    envelope = msgspec.json.decode(bytes(report.envelope), type=_Envelope)
    told = msgspec.json.decode(base64.b64decode(envelope.payload), type=_Statement).predicate
    foretold = None if told.prediction is msgspec.UNSET else told.prediction
    return Said(tuple(one for one in told.findings if not one.fatal), foretold)
