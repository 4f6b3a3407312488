"""KOGL (공공누리) marks: the licence link, the mark's file name, its alternative text.

Institutions may not rename the mark's file, so the name is a signal. A mark belongs to an item,
not to a site: more than one base type in one scope is for a person, and a page that only
explains the types is not marked.
"""

from __future__ import annotations

import re

PROTOCOL = "kogl"
_LINK = re.compile(r"kogl\.or\.kr/(?:\w+/)*licenseType([0-4]|Ai)\.do", re.IGNORECASE)
_IMAGE = re.compile(
    r"(?:^|[/=])(?:new_)?img_open(?:code|type)0?(?:([0-4])|(ai))(?:_m)?\.(?:jpe?g|png|gif|svg)",
    re.IGNORECASE,
)
_ALT = re.compile(r"공공누리[^0-9A-Za-z]{0,12}(?:제\s*)?([0-4]|AI)\s*유형", re.IGNORECASE)
_TERMS = re.compile(r"([1-4])\s*유형\s*[:(]?\s*출처\s*표시")
_GENERAL = re.compile(r"kogl\.or\.kr/(?:open/)?(?:info/)?license\.do", re.IGNORECASE)


def from_link(href: str) -> str | None:
    """The type that a link names, "general" for the page of all types, else None."""
    found = _LINK.search(href)
    if found:
        return found[1].upper()
    return "general" if _GENERAL.search(href) else None


def from_image(src: str, alt: str) -> str | None:
    """The type that an image shows by its file name or its alternative text."""
    found = _IMAGE.search(src)
    if found:
        return (found[1] or found[2]).upper()
    return from_text(alt)


def from_text(text: str) -> str | None:
    found = _ALT.search(text)
    if found:
        return found[1].upper()
    terms = _TERMS.search(text) if "공공누리" in text else None
    return terms[1] if terms else None


def id_of(mark: str) -> str:
    return f"LicenseRef-KOGL-{mark}"
