"""`noai`, `noimageai`, `noml` in X-Robots-Tag and meta robots (no text of a standard exists).

A bot's name before a colon scopes its whole header line; another bot's line is a note and does
not bind us. Words about indexing are no reservation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from madang.rights.signals import Signal, Value, cut

PROTOCOL = "noai"
WORDS = {"noai": "page", "noimageai": "image", "noml": "page"}
# Directives of the header that themselves contain a colon.
WITH_COLON = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
_NEAR = re.compile(r"^no[\W_]*(?:image|img)?[\W_]*(?:ai|ml|gpt|llm)(?:[\W_]|$)|^no[\W_]*tdm")
_BOT = re.compile(r"^\s*([A-Za-z0-9_*-]+)\s*:\s*(.*)$", re.DOTALL)


def from_header(lines: Iterable[str], own_token: str) -> list[Signal]:
    """All X-Robots-Tag lines of one response."""
    found: list[Signal] = []
    for line in lines:
        bot, rest = _scope(line)
        found.extend(_directives(rest, bot, "header", own_token, cut(line)))
    return found


def from_meta(name: str, content: str, own_token: str) -> list[Signal]:
    """One meta element; its name is `robots` or a bot's."""
    bot = "" if name.strip().lower() in ("robots", "ai", "ai-robots") else name.strip()
    return _directives(content, bot, "html", own_token, cut(content))


def _scope(line: str) -> tuple[str, str]:
    found = _BOT.match(line)
    if found is None or found[1].lower() in WITH_COLON:
        return "", line
    return found[1], found[2]


def _directives(text: str, bot: str, carrier: str, own_token: str, raw: str) -> list[Signal]:
    is_ours = bot.lower() in ("", "*", own_token.lower())
    found = []
    for part in re.split(r"[,;]", text):
        word = part.strip().strip("\"'").lower()
        label = WORDS.get(word)
        if label is None and not _NEAR.match(word):
            continue
        if not is_ours:
            found.append(Signal("note", "noai-other-bot", "yes", carrier, raw, bot[:64]))
        elif label is None:
            found.append(Signal(PROTOCOL, "page", Value.MALFORMED, carrier, raw))
        else:
            found.append(Signal(PROTOCOL, label, Value.NO, carrier, raw, word))
    return found
