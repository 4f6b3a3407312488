"""The Korean catalogue: what must be in it, and its compiled twin.

Sentences are written in English in code and templates; `locale/ko` holds the Korean. The
compiled file is committed, because a fresh machine has no gettext tools; a test says when it
is stale. `python -m madang.portal.translations` adds what is missing, drops what is not used
any more, and compiles.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
PO = HERE / "locale" / "ko" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
HEADER = "# The Korean sentences of the portal; the English ones are the keys."
CALLS = frozenset({"_", "gettext", "gettext_lazy", "ngettext"})

_TRANSLATE = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")
_INLINE = re.compile(r"""\b_\((?:"([^"]+)"|'([^']+)')\)""")
_BLOCK = re.compile(r"\{%\s*blocktranslate\b([^%]*)%\}(.*?)\{%\s*endblocktranslate\s*%\}", re.S)
_PLURAL = re.compile(r"\{%\s*plural\s*%\}")
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Message = str | tuple[str, str]


def messages_of_templates(folder: Path = HERE / "templates") -> Iterator[Message]:
    for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt")]):
        yield from messages_of_template(path.read_text(encoding="utf-8"))


def messages_of_template(text: str) -> Iterator[Message]:
    """What the tags of one template ask the catalogue for."""
    for pattern in (_TRANSLATE, _INLINE):
        for match in pattern.finditer(text):
            yield match[1] or match[2]
    for match in _BLOCK.finditer(text):
        trimmed = "trimmed" in match[1].split()
        parts = [_block_text(part, trimmed=trimmed) for part in _PLURAL.split(match[2])]
        yield (parts[0], parts[1]) if len(parts) > 1 else parts[0]


def _block_text(text: str, *, trimmed: bool) -> str:
    named = _VARIABLE.sub(r"%(\1)s", text)
    return " ".join(named.split()) if trimmed else named


def messages_of_code(folder: Path = HERE) -> Iterator[Message]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from _message_of_call(node)


def _message_of_call(node: ast.AST) -> Iterator[Message]:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return
    if node.func.id not in CALLS:
        return
    texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    plain = [text for text in texts if isinstance(text, str)]
    if node.func.id == "ngettext" and len(plain) > 1:
        yield (plain[0], plain[1])
    elif plain:
        yield plain[0]


def wanted_messages() -> set[Message]:
    return {*messages_of_templates(), *messages_of_code()}


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="ko")


def renewed(old: Catalog, wanted: set[Message]) -> Catalog:
    """A catalogue of exactly these messages, with the translations that exist."""
    fresh = Catalog(locale="ko", project="Madang", fuzzy=False, header_comment=HEADER)
    fresh.creation_date = old.creation_date
    fresh.revision_date = old.revision_date
    for message in sorted(wanted, key=str):
        found = old.get(message if isinstance(message, str) else message[0])
        fresh.add(message, string=found.string if found else None)
    return fresh


def compiled(source: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, source)
    return file.getvalue()


def untranslated(source: Catalog) -> list[str]:
    return [str(item.id) for item in source if item.id and not _is_filled(item.string)]


def _is_filled(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return bool(string) and all(string or ())


def main() -> int:
    """Renew the catalogue and compile it; the number of sentences still without Korean."""
    old = catalogue() if PO.exists() else Catalog(locale="ko")
    fresh = renewed(old, wanted_messages())
    with PO.open("wb") as file:
        write_po(file, fresh, width=96, sort_output=True, omit_header=False)
    MO.write_bytes(compiled(fresh))
    return len(untranslated(fresh))


if __name__ == "__main__":
    raise SystemExit(1 if main() else 0)
