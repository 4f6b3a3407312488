"""Text cut into what a search compares: whole words in Latin letters, pairs in Korean.

Korean joins particles to its words, so `음성을` must be found by `음성`. Pairs of letters find
it without a dictionary; the text itself is compared after them. A query is written with
particles, too: a word that stands nowhere is looked for again without its ending.
"""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"\w+")
PIECE_CHARACTERS_MAX = 64
WORDS_MAX = 20_000
WIDE = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3\u4e00-\u9fff\u3040-\u30ff]")


HANGUL = re.compile(r"[\uac00-\ud7a3]+")
PARTICLES = (
    *("으로부터", "에서부터", "에게서", "으로써", "으로서", "이라는", "이라도"),
    *("에서", "에게", "께서", "까지", "부터", "처럼", "보다", "마다", "조차", "이나"),
    *("라도", "으로", "하고", "이랑", "라는", "에는", "에도", "와의", "과의"),
    *("은", "는", "이", "가", "을", "를", "의", "에", "와", "과", "도", "만", "로", "나", "랑"),
)
"""Longest first: what Korean joins to a noun. A stem keeps at least two letters."""
STEM_MIN = 2


def folded(text: str) -> str:
    """One writing for letters that look and mean the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def pieces_of(text: str) -> set[str]:
    """What a text is found by."""
    found: set[str] = set()
    for word in WORD.findall(folded(text))[:WORDS_MAX]:
        if WIDE.search(word):
            found |= pairs(word)
        else:
            found.add(word[:PIECE_CHARACTERS_MAX])
    return found


def pairs(word: str) -> set[str]:
    return {word[at : at + 2] for at in range(max(len(word) - 1, 1))}


def words_of(query: str) -> list[str]:
    return WORD.findall(folded(query))[:32]


def needed(word: str) -> set[str]:
    """Pieces that a text with this word must have. One Korean letter alone needs none."""
    if not WIDE.search(word):
        return set()  # a beginning is enough: compared in the text
    return pairs(word) if len(word) > 1 else set()


def stem_of(word: str) -> str:
    """A Korean word without the particle that it may end with; empty where there is none."""
    if not HANGUL.fullmatch(word):
        return ""
    for ending in PARTICLES:
        if word.endswith(ending) and len(word) - len(ending) >= STEM_MIN:
            return word[: -len(ending)]
    return ""
