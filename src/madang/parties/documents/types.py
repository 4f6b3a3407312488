"""Which kinds of file are taken, and how their first bytes must look."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from madang.parties.errors import DocumentTypeRefused

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OOXML = "application/vnd.openxmlformats-officedocument."


def _is_text(head: bytes) -> bool:
    return b"\x00" not in head


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(starts)


_LOOKS: dict[str, Callable[[bytes], bool]] = {
    "application/pdf": _begins(b"%PDF-"),
    "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": _begins(b"\xff\xd8\xff"),
    "application/zip": _begins(_ZIP),
    "application/hwp+zip": _begins(_ZIP),
    "application/x-hwp": _begins(_OLD_OFFICE),
    _OOXML + "wordprocessingml.document": _begins(_ZIP),
    _OOXML + "spreadsheetml.sheet": _begins(_ZIP),
    _OOXML + "presentationml.presentation": _begins(_ZIP),
    "text/plain": _is_text,
    "text/csv": _is_text,
}


def check_type(media_type: str, head: bytes, allowed: Sequence[str]) -> None:
    """Raises DocumentTypeRefused when policy does not take it or the content is another."""
    looks = _LOOKS.get(media_type)
    if media_type not in allowed or looks is None or not looks(head):
        raise DocumentTypeRefused(media_type=media_type)
