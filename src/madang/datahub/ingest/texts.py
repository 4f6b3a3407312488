"""Text that is not in UTF-8: recognised, served in UTF-8, the original kept beside it.

The original's name ends with its encoding (`a.csv.cp949`), so that readers of folders take
the table once.
"""

from __future__ import annotations

import codecs

TEXTS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".md", ".xml", ".html")
TEXT_BYTES_MAX = 256 * 1024 * 1024
HANGUL_SHARE = 8
"""Of letters beyond ASCII one in so many must be Korean: else it only decodes as cp949."""

MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def is_text_name(path: str) -> bool:
    return path.lower().endswith(TEXTS)


def encoding_of(data: bytes) -> str:
    """`utf-16` or `cp949`; empty for UTF-8, and for what is no text that we know."""
    for mark, name in MARKS.items():
        if data.startswith(mark):
            return name if _decodes(data, name) else ""
    if _decodes(data, "utf-8") or b"\0" in data:
        return ""
    return "cp949" if _decodes(data, "cp949") and _is_korean(data.decode("cp949")) else ""


def in_utf8(data: bytes, encoding: str) -> bytes:
    return data.decode(encoding).encode()


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_korean(text: str) -> bool:
    wide = [letter for letter in text if ord(letter) > 127]
    hangul = sum("\uac00" <= letter <= "\ud7a3" for letter in wide)
    return hangul * HANGUL_SHARE >= len(wide) > 0
