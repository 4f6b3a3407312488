"""Dictionaries of Structured Fields (RFC 9651): a field parses as a whole or not at all."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*")
_NUMBER = re.compile(r"-?(\d+)(?:\.(\d+))?")
_STRING = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):")
_BOOLEAN = re.compile(r"\?([01])")
_DATE = re.compile(r"@(-?\d{1,15})(?!\.)")
_DISPLAY = re.compile(r'%"((?:[\x20-\x21\x23-\x24\x26-\x7e]|%[0-9a-f]{2})*)"')
SIMPLE_ITEMS = {
    '"': ("string", _STRING),
    "?": ("boolean", _BOOLEAN),
    "@": ("date", _DATE),
    "%": ("display", _DISPLAY),
}
MEMBERS_MAX = 1024


class FieldMalformed(ValueError):
    """The field is not a dictionary; by the RFC the whole field is then ignored."""


@dataclass(frozen=True, slots=True)
class Item:
    """One bare item: `kind` is token, string, number, boolean, bytes, date, display, list."""

    kind: str
    text: str


def parse_dictionary(lines: list[str]) -> dict[str, Item]:
    """All lines of one field, joined as the RFC says; the last of a repeated key wins."""
    text = ", ".join(lines)
    cursor = _Cursor(text.strip(" "))
    return cursor.dictionary()


class _Cursor:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def dictionary(self) -> dict[str, Item]:
        found: dict[str, Item] = {}
        while self.at < len(self.text):
            key = self._take(_KEY)[0]
            if self._skip("="):
                found[key] = self._member()
            else:
                self._parameters()
                found[key] = Item("boolean", "1")
            self._next_member()
            if len(found) > MEMBERS_MAX:
                raise FieldMalformed("too many members")
        return found

    def _next_member(self) -> None:
        self._spaces(" \t")
        if self.at >= len(self.text):
            return
        if not self._skip(","):
            raise FieldMalformed(f"no comma at {self.at}")
        self._spaces(" \t")
        if self.at >= len(self.text):
            raise FieldMalformed("a comma at the end")

    def _member(self) -> Item:
        if self._skip("("):
            while True:
                self._spaces(" ")
                if self._skip(")"):
                    break
                self._bare()
                self._parameters()
                if self.at >= len(self.text) or self.text[self.at] not in " )":
                    raise FieldMalformed("an open list")
            item = Item("list", "")
        else:
            item = self._bare()
        self._parameters()
        return item

    def _parameters(self) -> None:
        while self._skip(";"):
            self._spaces(" ")
            self._take(_KEY)
            if self._skip("="):
                self._bare()

    def _bare(self) -> Item:
        here = self.text[self.at : self.at + 1]
        if here in SIMPLE_ITEMS:
            kind, pattern = SIMPLE_ITEMS[here]
            return Item(kind, self._take(pattern)[1])
        if here == ":":
            return self._octets()
        if here == "-" or ("0" <= here <= "9"):
            return self._number()
        return Item("token", self._take(_TOKEN)[0])

    def _octets(self) -> Item:
        found = self._take(_BYTES)
        try:
            base64.b64decode(found[1], validate=False)
        except binascii.Error as err:
            raise FieldMalformed("not base64") from err
        return Item("bytes", found[1])

    def _number(self) -> Item:
        found = self._take(_NUMBER)
        whole, part = found[1], found[2]
        if part is None:
            good = len(whole) <= 15 and self.text[self.at : self.at + 1] != "."
        else:
            good = len(whole) <= 12 and 1 <= len(part) <= 3
        if not good:
            raise FieldMalformed("a number out of range")
        return Item("number", found[0])

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise FieldMalformed(f"unexpected character at {self.at}")
        self.at = found.end()
        return found

    def _skip(self, char: str) -> bool:
        if self.text.startswith(char, self.at):
            self.at += 1
            return True
        return False

    def _spaces(self, chars: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in chars:
            self.at += 1
