"""What a notice says: the sentences of its kind, filled with its facts.

Each room keeps `notices.toml` beside its `apps.py` and names itself at start-up.
A kind is `room.noun.what`; its table holds `ko` and `en`, a title and a body each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from madang.core.errors import Language
from madang.core.words import seoul_time

_rooms: set[str] = {"madang.parties"}


@dataclass(frozen=True, slots=True)
class NoticeText:
    title: str
    body: str


class _Facts(dict[str, object]):
    """A fact that was erased shows as a dash; a notice never fails to be read."""

    def __missing__(self, key: str) -> str:
        return "–"


def register_notices(package: str) -> None:
    """Called by a room's AppConfig."""
    _rooms.add(package)
    _texts.cache_clear()


def notice_text(kind: str, facts: Mapping[str, object], language: Language) -> NoticeText:
    """Raises KeyError for a kind without text, which a test rules out."""
    found = _texts()[kind]
    filled = _Facts({name: _for_people(name, value) for name, value in facts.items()})
    title, body = found[f"title_{language}"], found[f"body_{language}"]
    return NoticeText(title % filled, body % filled)


def _for_people(name: str, value: object) -> object:
    """Facts keep instants as RFC 3339 and bare numbers; people read Seoul's time and 1,000."""
    if isinstance(value, str):
        return seoul_time(value, name)
    return f"{value:,}" if isinstance(value, int) else value


def notice_kinds() -> frozenset[str]:
    return frozenset(_texts())


@cache
def _texts() -> dict[str, dict[str, str]]:
    merged: dict[str, dict[str, str]] = {}
    for package in sorted(_rooms):
        text = resources.files(package).joinpath("notices.toml").read_text(encoding="utf-8")
        merged.update(tomllib.loads(text))
    return merged
