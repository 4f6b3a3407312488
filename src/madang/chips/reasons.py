"""Reasons in Korean: the part of a chip lab sentence that says why, by its English words.

`reasons.ko.toml` holds them (see madang.core.words).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from madang.core import words
from madang.core.errors import MadangError

PACKAGE = "madang.chips"


def sentences() -> Mapping[str, str]:
    """English words to Korean ones, as the file has them."""
    return words.korean_words(PACKAGE)


def korean(reason: str) -> str:
    """The reason in Korean, its numbers and names in place."""
    return words.korean(reason, PACKAGE)


class Reasoned(MadangError):
    """A refusal whose sentence holds a reason: that part is told in Korean too."""

    in_words: ClassVar[frozenset[str]] = MadangError.in_words | {"unit", "kernel", "known"}
