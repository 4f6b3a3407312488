"""Two formats share the name ai.txt: one like robots.txt with file types, one of 2026 with
`Training: deny`. Each is read from its own place; what is neither is malformed.
"""

from __future__ import annotations

import re

from madang.rights.protocols import robots
from madang.rights.protocols.matching import as_asked, unescaped
from madang.rights.protocols.near import is_about_training
from madang.rights.signals import Signal, Value, cut

PROTOCOL = "ai-txt"
FILE_BYTES_MAX = 512 * 1024
TEXT_TYPES = ("txt", "html", "htm", "md", "pdf", "doc", "docx", "odt", "rtf", "tex", "xml")
_FIELD = re.compile(r"^\s*([A-Za-z][A-Za-z0-9 _-]{0,63})\s*:\s*(.*?)\s*$")
_SECTION = re.compile(r"^\s*\[([^\]]{0,128})\]\s*$")
DENY = ("deny", "denied", "disallow", "disallowed", "no", "none", "forbidden", "n", "false")
ALLOW = ("allow", "allowed", "yes", "y", "true", "permit", "permitted")


def legacy_signals(content: bytes, path: bytes, token: bytes) -> list[Signal]:
    """/ai.txt with User-Agent, Allow and Disallow lines over file types."""
    file = robots.parse(content)
    if file.is_damaged:
        note = ",".join(sorted(file.flags))
        return [Signal(PROTOCOL, "train", Value.MALFORMED, "file", note=note)]
    group = file.group_for(token)
    if group is None:
        return _not_understood(content)
    keys = (key.decode("latin-1").replace(" ", "-") for key in file.unknown_keys)
    is_meant = "meant" in file.flags or any(_KEYS.search(key) for key in keys)
    if is_meant or file.says_more_for(token):
        return [Signal(PROTOCOL, "train", Value.MALFORMED, "file", note="another protocol")]
    rules = [(allow, unescaped(as_asked(pattern))) for allow, pattern in group.rules]
    if group.has_bad_pattern:
        return [Signal(PROTOCOL, "train", Value.MALFORMED, "file", note="pattern")]
    if not rules:
        return []
    return [_for_path(rules, unescaped(as_asked(path)))]


def _for_path(rules: list[tuple[bool, bytes]], path: bytes) -> Signal:
    if not robots.Matcher(rules).allows(path):
        return Signal(PROTOCOL, "train", Value.NO, "file")
    refused = {pattern for allow, pattern in rules if not allow}
    has_type = re.search(rb"\.[A-Za-z0-9]{1,5}$", path.partition(b"?")[0]) is not None
    types = {b"*." + kind.encode() for kind in TEXT_TYPES}
    if not has_type and any(p.rstrip(b"$").lower() in types for p in refused):
        note = "refuses text types, the path names none"
        return Signal(PROTOCOL, "train", Value.UNKNOWN, "file", note=note)
    return Signal(PROTOCOL, "train", Value.YES, "file")


def _not_understood(content: bytes) -> list[Signal]:
    """No group reaches us: silent when empty, else another format or an error."""
    text = content.decode("utf-8", "replace")
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    if not any(lines):
        return []
    found = wellknown_signals(content, carrier="file")
    return found or [Signal(PROTOCOL, "train", Value.MALFORMED, "file", note="other format")]


def wellknown_signals(content: bytes, *, carrier: str = "wellknown") -> list[Signal]:
    """/.well-known/ai.txt: fields and sections; `Training` of any section counts."""
    if len(content) > FILE_BYTES_MAX or b"\0" in content:
        return [Signal(PROTOCOL, "train", Value.MALFORMED, carrier, note="truncated")]
    found: list[Signal] = []
    fields = 0
    for line in content.decode("utf-8-sig", "replace").splitlines():
        if _SECTION.match(line) or not line.partition("#")[0].strip():
            continue
        field = _FIELD.match(line.partition("#")[0])
        if field is None:
            continue
        fields += 1
        key = re.sub(r"[ _]", "-", field[1].strip().lower())
        if key in ("training", "ai-training", "train", "allow-training"):
            found.append(_training(field[2], carrier, line))
        elif _is_meant(key, field[2]):
            found.append(Signal(PROTOCOL, "train", Value.MALFORMED, carrier, cut(line)))
    if not fields and content.strip():
        return [Signal(PROTOCOL, "train", Value.MALFORMED, carrier, note="no fields")]
    return found


_KEYS = re.compile(r"(?:^|-)(?:train\w*|ai|ml|llm|tdm)(?:-|$)|^(?:user-agent|disallow)")


def _is_meant(key: str, value: str) -> bool:
    """Whether a field that the draft does not know is about training, or is one of robots'."""
    is_refused = value.strip().lower() in (*DENY, "n")
    return is_about_training(f"{key}: {value}") or (
        _KEYS.search(key) is not None and (is_refused or not key.endswith("ai"))
    )


def _training(text: str, carrier: str, line: str) -> Signal:
    word = text.strip().lower()
    value = Value.UNKNOWN
    if word in DENY:
        value = Value.NO
    elif word in ALLOW:
        value = Value.YES
    elif word.startswith("conditional"):
        value = Value.OFFER
    return Signal(PROTOCOL, "train", value, carrier, cut(line))


_NEAR_TRUST = re.compile(
    r"\W*data[\W_]*train|\W*(?:ai[\W_]*)?training[\W_]*allow", re.IGNORECASE
)


def trust_signals(content: bytes) -> list[Signal]:
    """trust.txt: `datatrainingallowed=no`."""
    found = []
    if b"\0" in content or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return [Signal("trust-txt", "train", Value.MALFORMED, "file", note="encoding")]
    for line in content[:FILE_BYTES_MAX].decode("utf-8-sig", "replace").splitlines():
        text = line.partition("#")[0].strip()
        key, mark, value = text.partition("=")
        if mark and key.strip().lower() == "datatrainingallowed":
            word = value.strip().lower()
            said = {"no": Value.NO, "yes": Value.YES}.get(word, Value.MALFORMED)
            found.append(Signal("trust-txt", "train", said, "file", cut(line)))
        elif _NEAR_TRUST.match(text) or is_about_training(text):
            found.append(Signal("trust-txt", "train", Value.MALFORMED, "file", cut(line)))
    return found
