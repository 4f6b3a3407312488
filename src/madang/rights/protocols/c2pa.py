"""Training and data-mining assertions of C2PA and CAWG, and PLUS/IPTC data-mining terms.

`constrained` without information counts as not allowed by the specification; with information
a person reads it. A manifest whose signature was not checked decides nothing.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Mapping

from madang.rights.signals import Signal, Value, cut

PROTOCOL = "c2pa"
LABELS = ("cawg.training-mining", "c2pa.training-mining")
ENTRIES = {
    "ai_generative_training": "generative",
    "ai_training": "training",
    "data_mining": "mining",
    "ai_inference": "inference",
}
_PLUS = re.compile(
    rb"[Dd]ataMining[^>]{0,200}?(?:vocab/|>\s*+|=\s*+[\"'])[^<>\"']{0,100}?(DMI-[A-Z-]+)", re.S
)
PLUS_VALUES = {
    "DMI-UNSPECIFIED": None,
    "DMI-ALLOWED": Value.YES,
    "DMI-PROHIBITED": Value.NO,
    "DMI-PROHIBITED-AIMLTRAINING": Value.NO,
    "DMI-PROHIBITED-GENAIMLTRAINING": Value.NO,
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": Value.NO,
    "DMI-PROHIBITED-SEECONSTRAINT": Value.MALFORMED,
}
GENERATIVE_ONLY = ("DMI-PROHIBITED-GENAIMLTRAINING",)


def use_value(entry: object) -> Value:
    """One entry of the assertion."""
    if not isinstance(entry, Mapping):
        return Value.MALFORMED
    use = entry.get("use")
    if use == "allowed":
        return Value.YES
    if use == "notAllowed":
        return Value.NO
    if use == "constrained":
        info = entry.get("constraint_info", entry.get("constraints_info"))
        return Value.OFFER if info else Value.NO
    return Value.MALFORMED


def from_assertion(data: object, *, is_trusted: bool) -> list[Signal]:
    """The entries of one training-mining assertion."""
    entries = data.get("entries") if isinstance(data, Mapping) else None
    if not isinstance(entries, Mapping):
        return [Signal(PROTOCOL, "training", Value.MALFORMED, "manifest", cut(str(data)))]
    found = []
    for name, entry in entries.items():
        label = ENTRIES.get(str(name).rpartition(".")[2])
        if label is None:
            continue
        value = use_value(entry)
        if not is_trusted and value in (Value.YES, Value.NO):
            value = Value.UNKNOWN
        found.append(Signal(PROTOCOL, label, value, "manifest", cut(json.dumps(entry))))
    if not is_trusted:
        note = "the signature is invalid, untrusted or was not checked"
        found.append(Signal(PROTOCOL, "signature", Value.UNKNOWN, "manifest", note=note))
    return found


def from_manifest_store(store: object) -> list[Signal]:
    """A manifest store as JSON, in the shape that the C2PA readers give."""
    if not isinstance(store, Mapping):
        return [Signal(PROTOCOL, "training", Value.MALFORMED, "manifest")]
    manifests, active = store.get("manifests"), store.get("active_manifest")
    if not isinstance(manifests, Mapping) or not isinstance(manifests.get(active), Mapping):
        return [Signal(PROTOCOL, "training", Value.MALFORMED, "manifest")]
    trusted = store.get("validation_state") in ("Trusted",)
    found: list[Signal] = []
    for assertion in manifests[active].get("assertions") or ():
        if isinstance(assertion, Mapping) and _is_training(assertion.get("label")):
            found.extend(from_assertion(assertion.get("data"), is_trusted=trusted))
    return found


def _is_training(label: object) -> bool:
    return isinstance(label, str) and label.partition("__")[0] in LABELS


def from_media(content: bytes, mime: str, anchors: str = "") -> list[Signal]:
    """Images and other media: XMP terms, and a manifest when the reader is installed.

    `anchors`: certificates (PEM) of the authorities that we trust; without any, every signature
    is untrusted and its manifest is for a person.
    """
    found = from_xmp(content)
    for packet in hidden_packets(content):
        found += from_xmp(packet)
    named = _PROVENANCE.search(content)
    if named is not None:
        found.append(elsewhere("xmp", named[1].decode("utf-8", "replace")))
    if b"c2pa" not in content or b"jumb" not in content:
        return found
    store = _read_store(content, mime, anchors)
    if store is None:
        note = "a manifest is there and was not read"
        return [
            *found,
            Signal(PROTOCOL, "training", Value.UNESTABLISHED, "manifest", note=note),
        ]
    return [*found, *from_manifest_store(store)]


PACKET_BYTES_MAX = 1024 * 1024
PACKETS_MAX = 8
_PACKED = b"XML:com.adobe.xmp\0\1"
_WIDE = b"D\0a\0t\0a\0M\0i\0n"


def hidden_packets(content: bytes) -> list[bytes]:
    """XMP that does not stand there in ASCII: packed in a PNG's text, or in UTF-16."""
    found: list[bytes] = []
    at = content.find(_PACKED)
    while at >= 0 and len(found) < PACKETS_MAX:
        begin = at + len(_PACKED) + 1
        for _ in range(2):  # the language and the keyword translated, each ended by a nought
            begin = content.find(b"\0", begin) + 1
        try:
            found.append(zlib.decompressobj().decompress(content[begin:], PACKET_BYTES_MAX))
        except zlib.error:
            found.append(b"DataMining>DMI-UNREAD")
        at = content.find(_PACKED, at + 1)
    if _WIDE in content:
        found.append(content.replace(b"\0", b""))
    return found


def _read_store(content: bytes, mime: str, anchors: str) -> object | None:
    """The store as JSON. The reader asks nobody: what is not in the file is not there."""
    try:
        import c2pa  # noqa: PLC0415  optional and heavy: a native library of 40 MB
    except ImportError:
        return None
    verify = {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}
    wanted = {"verify": verify, **({"trust": {"user_anchors": anchors}} if anchors else {})}
    try:
        context = c2pa.Context(c2pa.Settings.from_dict(wanted))
        with c2pa.Reader(mime, io.BytesIO(content), context=context) as reader:
            store: object = json.loads(reader.json())
            return store
    except (c2pa.C2paError, ValueError, OSError):
        return None


def elsewhere(carrier: str, where: str) -> Signal:
    """A manifest that lies at another address is there and was not read."""
    note = "a manifest lies elsewhere and was not read"
    return Signal(PROTOCOL, "training", Value.UNESTABLISHED, carrier, cut(where), note)


_PROVENANCE = re.compile(rb"dcterms:provenance\s*(?:=\s*[\"']|>)\s*([^<\"']{1,512})")


def from_xmp(content: bytes) -> list[Signal]:
    """plus:DataMining in any XMP packet of the file."""
    found = []
    for match in _PLUS.finditer(content):
        term = match[1].decode("ascii")
        value = PLUS_VALUES.get(term, Value.UNKNOWN)
        if value is not None:
            label = "generative" if term in GENERATIVE_ONLY else "mining"
            found.append(Signal("iptc", label, value, "xmp", term))
    return found
