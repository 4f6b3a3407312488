"""An error's sentence in the language that is being spoken."""

from __future__ import annotations

from django.utils.translation import get_language

from madang.core.errors import Language, MadangError


def spoken() -> Language:
    """Korean unless the reader chose English."""
    return "en" if (get_language() or "ko").startswith("en") else "ko"


def sentence_of(error: MadangError) -> str:
    return error.sentence(spoken())
