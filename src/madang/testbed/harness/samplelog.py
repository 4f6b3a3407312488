"""The harness's own clock: one line for each sample, kept beside LoadGen's logs.

A report's figures are computed from these lines alone, so that a stranger can do it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from madang.testbed.errors import LogMalformed

HEAD = "sample,issued_ns,first_ns,done_ns,claimed_ns,tokens,claimed_tokens,late,output"
OUTCOME, SAMPLES = "outcome.json", "samples.csv"
LINES_MAX = 20_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """Nanoseconds since the first query; -1 where nothing was said. `output` is a digest."""

    sample: int
    issued_ns: int
    first_ns: int
    done_ns: int
    claimed_ns: int
    tokens: int
    claimed_tokens: int
    late: int
    output: str

    @property
    def latency_ns(self) -> int:
        return self.done_ns - self.issued_ns

    @property
    def ttft_ns(self) -> int:
        return self.first_ns - self.issued_ns

    @property
    def tpot_ns(self) -> float:
        return (self.done_ns - self.first_ns) / max(1, self.tokens - 1)

    def text(self) -> str:
        numbers = (self.sample, self.issued_ns, self.first_ns, self.done_ns, self.claimed_ns)
        counts = (self.tokens, self.claimed_tokens, self.late)
        return ",".join(str(one) for one in (*numbers, *counts, self.output))


def write_lines(path: Path, lines: Iterable[Line]) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(HEAD + "\n")
        file.writelines(one.text() + "\n" for one in lines)


def _parsed(words: list[str]) -> Line:
    """Nine words, the last a digest. Raises ValueError or IndexError."""
    sample, issued, first, done, claimed, tokens, said, late = (int(one) for one in words[:8])
    return Line(sample, issued, first, done, claimed, tokens, said, late, words[8])


def read_lines(path: Path) -> list[Line]:
    """Raises LogMalformed at the first line that is not one."""
    try:
        rows = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise LogMalformed(file=path.name, reason="no sample log") from err
    if not rows or rows[0] != HEAD or len(rows) > LINES_MAX:
        raise LogMalformed(file=path.name, reason="no sample log")
    found = []
    for number, row in enumerate(rows[1:], 2):
        words = row.split(",")
        try:
            found.append(_parsed(words))
        except (ValueError, IndexError, TypeError) as err:
            raise LogMalformed(file=path.name, reason=f"line {number}") from err
    return found
