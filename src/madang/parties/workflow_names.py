"""How the states and steps of every workflow are called, for the sentences of refusals.

A table tells its own names when it is made, so that a refusal, which knows codes only, can
speak as the pages do.
"""

from __future__ import annotations

from madang.core.errors import Language

_TOLD: dict[tuple[str, str, str], dict[Language, str]] = {}


def tell(noun: str, kind: str, code: str, *, ko: str, en: str) -> None:
    """`kind` is "state" or "transition": one code may be both."""
    _TOLD[noun, kind, code] = {"ko": ko, "en": en}


def name_of(noun: str, kind: str, code: str, language: Language) -> str | None:
    """The name that the table gives; None where no table has it."""
    return _TOLD.get((noun, kind, code), {}).get(language)
