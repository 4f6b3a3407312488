"""What every adapter offers, and how a system under test can fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

TroubleKind = Literal["hung", "died", "garbled", "refused"]


class Trouble(Exception):
    """A system under test failed. It is recorded by its kind and is never a pass."""

    def __init__(self, kind: TroubleKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: TroubleKind = kind
        self.detail = detail[:500]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `claimed_ns` is what the system says that it took, if it says so."""

    output: bytes
    claimed_ns: int | None = None
    tokens: int = 1
    claimed_tokens: int | None = None
    late: bool = False


class Adapter(Protocol):
    def identity(self) -> Mapping[str, str]:
        """What the system says that it is; the same in every repetition."""

    def answer(self, sample: int, on_first: Callable[[], None]) -> Reply:
        """Answer one sample; call `on_first` at the first token. Raises Trouble."""

    def close(self) -> None:
        """Let everything go, however the system feels."""
