"""One record of an input, as every reader gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

Octets = bytes | memoryview  # a view into a whole record copies nothing
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    RESPONSE = "response"
    REVISIT = "revisit"  # the same answer as another record has, kept without its body
    OTHER = "other"  # request, metadata, warcinfo: nothing to judge
    UNREADABLE = "unreadable"


class Damage(StrEnum):
    """Named errors of single records; the scan goes on after each."""

    TRUNCATED = "rights.record.truncated"
    CORRUPT = "rights.record.corrupt"
    ENCODING = "rights.record.encoding"
    NO_HTTP = "rights.record.no_http"
    MISSING = "rights.record.missing"
    URL = "rights.record.url"
    FAILED = "rights.record.failed"


@dataclass(slots=True)
class Record:
    """`offset` is where a reader can start again so that this record is read first."""

    kind: Kind
    offset: int
    url: str = ""
    at: datetime = EPOCH
    status: int = 0
    headers: Sequence[tuple[str, str]] = ()
    body: Octets = b""
    mime: str = ""
    length: int = 0
    is_cut: bool = False
    is_head: bool = False  # the rest was not asked for
    damage: str = ""
    detail: str = ""
    agent: str = ""
    digest: str = ""  # of the payload, as the archive states it
    refers_to: tuple[str, datetime] | None = None  # a revisit's original, as it names it
