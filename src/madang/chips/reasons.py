"""Reasons in Korean: the part of a chip lab sentence that says why, by its English words.

A reason is written once, in English, where the refusal is raised; `reasons.ko.toml` holds the
Korean, `{}` standing for a number or a name. A reason without a line there stays in English
rather than being lost.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from madang.core.errors import FieldValue, Language, MadangError

TOLD = ("reason", "unit", "kernel", "known")  # fields that may hold words


@cache
def sentences() -> Mapping[str, str]:
    """English words to Korean ones, as the file has them."""
    text = resources.files("madang.chips").joinpath("reasons.ko.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Most words first, so that `{} is {}` takes only what nothing else does."""
    ordered = sorted(sentences().items(), key=lambda item: -len(item[0].replace("{}", "")))
    return [
        (re.compile(re.escape(english).replace(r"\{\}", "(.+?)")), korean)
        for english, korean in ordered
    ]


def korean(reason: str) -> str:
    """The reason in Korean, its numbers and names in place."""
    for pattern, words in _patterns():
        found = pattern.fullmatch(reason)
        if found:
            return _filled(words, found.groups())
    return reason


def _filled(words: str, groups: tuple[str, ...]) -> str:
    places = iter(range(len(groups)))
    return re.sub(r"\{(\d?)\}", lambda place: groups[int(place[1] or next(places))], words)


class Reasoned(MadangError):
    """A refusal whose sentence holds a reason: that part is told in Korean too."""

    def sentence(self, language: Language = "en") -> str:
        if language == "en":
            return super().sentence(language)
        told = type(self)(**{name: _told(name, value) for name, value in self.fields.items()})
        return super(Reasoned, told).sentence(language)


def _told(name: str, value: FieldValue) -> FieldValue:
    return korean(value) if name in TOLD and isinstance(value, str) else value
