"""Words that were meant as a statement about training, and are none that a protocol knows.

They are kept as malformed and lead to a person. Only names, keys and directives are asked
about, which have few words: in running text the same words mean anything.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TEXT_CHARACTERS_MAX = 512
GAP = r"[^a-z0-9]{0,8}"
_MEANT = re.compile(
    rf"(?:^|[^a-z])(?:no|not|non|dont|don't|disallow|deny|forbid|without){GAP}(?:use{GAP})?"
    rf"(?:image|img)?(?:gen(?:erative)?)?{GAP}"
    rf"(?:(?:ai|ml|gpt|llm)(?:[^a-z]|$|train|use|bots?)|tdm|train|(?:text|data){GAP}(?:and{GAP})?"
    rf"(?:data{GAP})?min(?:e|ing))"
    rf"|(?:^|[^a-z])(?:gen)?ai{GAP}(?:train|use|usage|prefer|input)|train(?:ing)?{GAP}(?:gen)?ai"
    rf"|tdm{GAP}(?:re[ps]|poli|opt)|content{GAP}(?:signal|usage|use(?:[^a-z]|$))|licen[sc]e{GAP}rsl"
)
# Names under which only the value can say whether it is about training.
_THEMES = re.compile(r"(?:x-)?(?:usage|preferences?|training|genai|ai|tdm)(?:[-_].{0,40})?")
_REFUSAL = re.compile(
    r"[^a-z]*(?:n|no|none|deny|denied|disallow(?:ed)?|forbidden|false|0)[^a-z]*"
)
_ROBOTS = re.compile(rf"(?:x{GAP})?robots?{GAP}(?:tags?)?")
_HIDDEN = ("Cf", "Mn")  # signs that nobody sees


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Text as a person sees it: full-width letters, signs without width and the like undone."""
    if text.isascii():
        return text.lower()
    wide = unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS_MAX])
    return "".join(c for c in wide if unicodedata.category(c) not in _HIDDEN).lower()


def is_about_training(text: str) -> bool:
    """Whether a name, a key or a directive was meant to say something about training."""
    return _MEANT.search(plain(text[:TEXT_CHARACTERS_MAX])) is not None


def may_be_about_training(name: str) -> bool:
    """Whether a header's name leaves it to its value."""
    return _THEMES.fullmatch(plain(name[:TEXT_CHARACTERS_MAX]).strip()) is not None


def refuses(name: str, value: str) -> bool:
    """Whether a value under such a name was meant as a refusal, or as a protocol's word."""
    text = plain(value[:TEXT_CHARACTERS_MAX])
    is_one = name.strip().removeprefix("x-") == "tdm" or _REFUSAL.fullmatch(text) is not None
    return is_one or is_about_training(f" {text}")


def is_like_robots(name: str) -> bool:
    """Whether a name was meant as that of directives for robots."""
    return _ROBOTS.fullmatch(plain(name[:TEXT_CHARACTERS_MAX]).strip()) is not None
