"""KOGL (공공누리) marks: the licence link, the mark's file name, its alternative text.

Institutions may not rename the mark's file, so the name is a signal. A mark belongs to an item,
not to a site: more than one base type in one scope is for a person, and a page that only
explains the types is not marked.
"""

from __future__ import annotations

import re

from madang.rights.licences import UNREADABLE

PROTOCOL = "kogl"
_LINK = re.compile(
    r"\s*(?:https?:)?//(?:www\.)?kogl\.or\.kr/(?:\w+/)*licenseType([0-4]|Ai)\.do(?:[?#].*)?\s*",
    re.IGNORECASE | re.DOTALL,
)
_ANY_TYPE = re.compile(r"kogl\.or\.kr.*licenseType", re.IGNORECASE | re.DOTALL)
_IMAGE = re.compile(
    r"(?:^|[/=,\s])(?:new_)?img_open(?:code|type)0?(?:([0-4])|(ai))(?:_m)?\.(?:jpe?g|png|gif|svg)",
    re.IGNORECASE,
)
_TYPE = re.compile(
    r"(?<![0-9])([0-4]|AI)\s*유형(\s*[이가]?\s*(?:아닙|아님|아닌|아니))?", re.IGNORECASE
)
_GENERAL = re.compile(r"kogl\.or\.kr/(?:open/)?(?:info/)?license\.do", re.IGNORECASE)
NAME = "공공누리"
NEAR_CHARACTERS = 80
ADDRESS_CHARACTERS_MAX = 4096
UNCLEAR = "?"


def from_link(href: str) -> str | None:
    """The type that a link names, "general" for the page of all types, UNCLEAR for an address
    that only contains one, else None."""
    if len(href) > ADDRESS_CHARACTERS_MAX:
        return UNCLEAR if "kogl.or.kr" in href.lower() else None
    found = _LINK.fullmatch(href)
    if found:
        return found[1].upper()
    if _ANY_TYPE.search(href):
        return UNCLEAR
    return "general" if _GENERAL.search(href) else None


def from_image(src: str, alt: str) -> str | None:
    """The type that an image shows by its file name and its alternative text."""
    said = {(a or b).upper() for a, b in _IMAGE.findall(src)} | from_text(alt)
    return None if not said else said.pop() if len(said) == 1 else UNCLEAR


def from_text(text: str) -> set[str]:
    """The types that a text names beside the mark's name, by number or by their terms; a type
    that it denies makes it unclear."""
    found: set[str] = set()
    at = text.find(NAME)
    while at >= 0:
        behind = text[at : at + NEAR_CHARACTERS]
        passage = text[max(0, at - NEAR_CHARACTERS // 4) : at] + behind
        types = {UNCLEAR if denied else kind.upper() for kind, denied in _TYPE.findall(passage)}
        found |= types or _by_terms(behind)
        at = text.find(NAME, at + len(NAME))
    return found


def _by_terms(passage: str) -> set[str]:
    if not re.search(r"출처\s*표시", passage):
        return set()
    return {
        {(False, False): "1", (True, False): "2", (False, True): "3"}.get(
            ("상업" in passage, "변경" in passage), "4"
        )
    }


_TERMS = (
    (re.compile(r"상업[적용]*\s*(?:목적\s*)?(?:으?로\s*)?이용\s*(?:을\s*)?금지"), "24"),
    (re.compile(r"변경\s*(?:등\s*)?(?:을\s*)?금지"), "34"),
)


def is_narrowed(text: str, shown: set[str]) -> bool:
    """Whether a text beside a mark has a term of KOGL that no mark shown has."""
    types = [name.rpartition("-")[2] for name in shown if name.startswith("LicenseRef-KOGL-")]
    return bool(types) and any(
        not any(kind in which for kind in types) and term.search(text) for term, which in _TERMS
    )


def id_of(mark: str) -> str:
    return UNREADABLE if mark == UNCLEAR else f"LicenseRef-KOGL-{mark}"
