"""Codes to sentences, in Korean and English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

from madang.rights.verdict import Text

Kind = Literal["reason", "duty", "outcome", "act", "protocol"]


@cache
def _all() -> Mapping[str, Mapping[str, Text]]:
    content = resources.files(__package__).joinpath("texts.toml").read_text(encoding="utf-8")
    return {
        kind: {code: Text(ko=row["ko"], en=row["en"]) for code, row in rows.items()}
        for kind, rows in tomllib.loads(content).items()
    }


def codes(kind: Kind) -> frozenset[str]:
    return frozenset(_all()[kind])


def text_of(kind: Kind, code: str) -> Text:
    """The sentence of a code; a code nobody wrote a sentence for is shown as it is."""
    return _all()[kind].get(code, Text(ko=code, en=code))


def word_of(outcome: str) -> Text:
    """An outcome in a word or two, its sentence up to the colon; a simulation says so."""
    said = text_of("outcome", outcome)
    if outcome.startswith("simulated"):
        return said
    return Text(ko=said.ko.partition(":")[0], en=said.en.partition(":")[0])
