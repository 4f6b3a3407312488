"""Numbers of people in Korean text: a regex over columns first, then dates, then check digits.

A check digit is a score and never a filter: resident numbers given out since October 2020 have
none. What is found is told by file, column and row; the value itself is written nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from madang.datahub.quality.files import Table

RULES_VERSION = "2026-1"
SURE, LIKELY = 1000, 500
_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_CENTURY = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}
FOREIGN = "5678"


@dataclass(frozen=True, slots=True)
class Hit:
    """One number that looks like a person's; `score` is permille."""

    file: str
    column: str
    row: int
    kind: str
    score: int


@dataclass(frozen=True, slots=True)
class Rule:
    """`coarse` is the prefilter, without look-around; `judge` says how sure, 0: not at all."""

    kind: str
    coarse: str
    exact: re.Pattern[str]
    judge: Callable[[str], tuple[str, int]]


def resident(digits: str) -> tuple[str, int]:
    """주민등록번호 or 외국인등록번호: the date must be one; a check digit adds to the score."""
    kind = "foreigner" if digits[6] in FOREIGN else "resident"
    year = _CENTURY.get(digits[6], 2000) + int(digits[:2])
    try:
        date(year, int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return kind, 0
    total = sum(w * int(d) for w, d in zip(_RESIDENT_WEIGHTS, digits, strict=False))
    base = 13 if kind == "foreigner" else 11
    return kind, SURE if (base - total % 11) % 10 == int(digits[12]) else LIKELY


def business(digits: str) -> tuple[str, int]:
    """사업자등록번호: with its dashes; without a right check digit it is just a number."""
    total = sum(w * int(d) for w, d in zip(_BUSINESS_WEIGHTS, digits, strict=False))
    total += int(digits[8]) * 5 // 10
    return "business", SURE if (10 - total % 10) % 10 == int(digits[9]) else 0


def _sure(kind: str) -> Callable[[str], tuple[str, int]]:
    return lambda _: (kind, SURE)


def _rule(kind: str, pattern: str, judge: Callable[[str], tuple[str, int]]) -> Rule:
    return Rule(kind, pattern, re.compile(rf"(?<![0-9A-Za-z]){pattern}(?![0-9A-Za-z])"), judge)


RULES = (
    _rule("resident", r"[0-9]{6}[- ]?[0-9][0-9]{6}", resident),
    _rule("business", r"[0-9]{3}-[0-9]{2}-[0-9]{5}", business),
    _rule("phone", r"01[016789][-. ]?[0-9]{3,4}[-. ]?[0-9]{4}", _sure("phone")),
    _rule("licence", r"[0-9]{2}-[0-9]{2}-[0-9]{6}-[0-9]{2}", _sure("licence")),
    _rule("passport", r"[MSRODG][0-9]{3}[A-Z0-9][0-9]{4}", _sure("passport")),
    _rule("plate", r"[0-9]{2,3}[가-힣] ?[0-9]{4}", _sure("plate")),
    _rule("email", r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", _sure("email")),
)
_ANY = "|".join(f"(?:{rule.coarse})" for rule in RULES)


def hits_of(table: Table) -> Iterator[Hit]:
    """Hits in every column of text, in the order of columns and rows (from 1)."""
    for name in table.frame.columns:
        found = table.frame.select(pl.col(name).alias("text")).with_row_index("row")
        coarse = found.filter(pl.col("text").str.contains(_ANY))
        for row, text in coarse.iter_rows():
            for kind, score in judged(text):
                yield Hit(table.path, name, row + 1, kind, score)


def judged(text: str) -> Iterator[tuple[str, int]]:
    """What one text holds. A stretch that one rule took is no other rule's."""
    taken: list[tuple[int, int]] = []
    for rule in RULES:
        for match in rule.exact.finditer(text):
            start, end = match.span()
            if any(start < b and a < end for a, b in taken):
                continue
            kind, score = rule.judge(re.sub(r"[^0-9]", "", match[0]) or match[0])
            if score:
                taken.append((start, end))
                yield kind, score
