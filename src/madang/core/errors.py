"""Every error that Madang tells to somebody.

MadangError
├── Refused            the caller can act: 4xx, exit 1
│   ├── Malformed      the request cannot be read: 400, exit 1
│   ├── NotSignedIn    401
│   ├── NotAllowed     403
│   ├── NotFound       404, also for what the caller may not see
│   ├── Conflict       409
│   └── WrongUsage     a command was called wrongly: exit 2
└── Unwell             we must act, a retry may help: 5xx, exit 3

A room adds its own classes under these in its `errors.py`, each with a stable `code` of the
form `room.noun.reason`. The sentences for people stand apart from the code, in the file
`sentences.toml` of the package that defines the class, one Korean and one English each.
Assertions are for our own mistakes and are never caught below the process edge.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import ClassVar, Literal

from madang.core.money import won_digits
from madang.core.words import korean, seoul_time

Language = Literal["ko", "en"]
FieldValue = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Words:
    """A fact that people read, where it is raised in both languages: what holds values of its
    own. Programs get the English. Plain words may be a line of `reasons.ko.toml` instead."""

    en: str
    ko: str


class MadangError(Exception):
    """Base of all. `fields` are typed facts for programs; the sentence is for people."""

    code: ClassVar[str] = "core.error.unknown"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 3
    in_words: ClassVar[frozenset[str]] = frozenset({"reason", "field"})
    """Fields that hold words for people, told in Korean too (madang.core.words)."""

    def __init__(self, **fields: FieldValue | Words) -> None:
        super().__init__(self.code)
        self.fields: dict[str, FieldValue] = {
            name: value.en if isinstance(value, Words) else value
            for name, value in fields.items()
        }
        self._korean = {k: v.ko for k, v in fields.items() if isinstance(v, Words)}

    def sentence(self, language: Language = "en") -> str:
        """The sentence for people, with this error's fields filled in."""
        template = sentences_of(type(self))[language]
        told = {name: self.told(name, value, language) for name, value in self.fields.items()}
        return template % _Named(told)

    def told(self, name: str, value: FieldValue, language: Language) -> FieldValue:
        """One field as the sentence has it; `fields` keeps what programs read."""
        if language == "ko" and name in self._korean:
            return self._korean[name]
        if not isinstance(value, str):
            return value
        if name.endswith("_at"):
            return seoul_time(value, name)
        if language == "ko" and name in self.in_words:
            return korean(value, package_of(type(self)))
        return value

    def reason(self, language: Language = "en") -> str:
        """Its reason alone, to stand beside the field that it is about; else the sentence."""
        value = self.fields.get("reason")
        if not isinstance(value, str):
            return self.sentence(language)
        return str(self.told("reason", value, language))

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence()}"

    def as_dict(self) -> dict[str, object]:
        """The shape that commands print under "error"."""
        place = {name: self.fields.get(name) for name in ("file", "line", "field")}
        return {
            "code": self.code,
            "message": self.sentence("en"),
            "message_ko": self.sentence("ko"),
            "fields": self.fields,
            **place,
        }


class Refused(MadangError):
    code = "core.request.refused"
    http_status = 422
    exit_code = 1


class Malformed(Refused):
    code = "core.request.malformed"
    http_status = 400


class NotSignedIn(Refused):
    code = "core.request.not_signed_in"
    http_status = 401


class NotAllowed(Refused):
    code = "core.request.not_allowed"
    http_status = 403


class NotFound(Refused):
    code = "core.request.not_found"
    http_status = 404


class Conflict(Refused):
    code = "core.request.conflict"
    http_status = 409


class WrongUsage(Refused):
    code = "core.command.wrong_usage"
    http_status = 400
    exit_code = 2


class Unwell(MadangError):
    code = "core.platform.unwell"
    http_status = 503
    exit_code = 3


class _Named(dict[str, FieldValue]):
    """Fields for %(name)s templates; a missing one shows its name, it never raises.

    %(left_won)s is the field `left_microwon` as people read an amount.
    """

    def __missing__(self, key: str) -> FieldValue:
        amount = self.get(f"{key.removesuffix('_won')}_microwon")
        return won_digits(amount) if isinstance(amount, int) else f"<{key}>"


@cache
def _sentences_in(package: str) -> dict[str, dict[str, str]]:
    text = resources.files(package).joinpath("sentences.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def sentences_of(error: type[MadangError]) -> dict[str, str]:
    """The Korean and English templates of an error class. Raises KeyError when unwritten."""
    return _sentences_in(package_of(error))[error.code]


def package_of(error: type[MadangError]) -> str:
    """The package that defines the class, and holds its sentences."""
    return sys.modules[error.__module__].__package__ or "madang.core"
