"""An in-toto Statement in a DSSE envelope, signed with Ed25519, one way of writing only.

Every byte of the file is accounted for: the payload and its type by the signature, the rest
because an envelope that is not written exactly as this module writes it is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from madang.testbed.errors import FileMissing, KeyMalformed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://madang.example/testbed/report/v1"
REPORT_BYTES_MAX = 64 << 20
PEM = serialization.Encoding.PEM


class Broken(Exception):
    """The envelope is not what was signed; `reason` says where it shows first."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def canonical(value: object) -> bytes:
    """One way of writing: sorted keys, no spaces, UTF-8, no NaN."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def pre_authentication(payload: bytes) -> bytes:
    """DSSE v1: what is signed is the type and the body, each with its length."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def key_id(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


def statement(digests: Mapping[str, str], predicate: Mapping[str, object]) -> bytes:
    """The files by name and SHA-256, and the report about them."""
    subject = [{"name": n, "digest": {"sha256": digests[n]}} for n in sorted(digests)]
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": subject,
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def _written(payload: bytes, signature: bytes, keyid: str) -> bytes:
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
    }
    return canonical(envelope) + b"\n"


def sign(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    return _written(payload, key.sign(pre_authentication(payload)), key_id(key.public_key()))


def opened(envelope: bytes, key: Ed25519PublicKey) -> bytes:
    """The payload. Raises Broken for anything that this key did not sign, byte by byte."""
    if len(envelope) > REPORT_BYTES_MAX:
        raise Broken("the file is larger than a report can be")
    try:
        rows = json.loads(envelope)
        payload = base64.b64decode(rows["payload"], validate=True)
        (only,) = rows["signatures"]
        signature = base64.b64decode(only["sig"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as err:
        raise Broken("the file is no DSSE envelope with one signature") from err
    try:
        key.verify(signature, pre_authentication(payload))
    except InvalidSignature as err:
        raise Broken("the signature is not by this key over this content") from err
    if envelope != _written(payload, signature, key_id(key)):
        raise Broken("the envelope around the signed content was changed")
    return payload


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key of a file; a new one, readable by its owner alone, where there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Ed25519PrivateKey.generate()
        pem = fresh.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(
            os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
        ) as file:
            file.write(pem)
        return fresh
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise KeyMalformed(file=str(path)) from err
    if not isinstance(found, Ed25519PrivateKey):
        raise KeyMalformed(file=str(path))
    return found


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_key(path: Path) -> Ed25519PublicKey:
    if not path.is_file():
        raise FileMissing(what="public key", file=str(path))
    return public_key_from(path.read_bytes(), name=str(path))


def public_key_from(pem: bytes, *, name: str = "key.pub.pem") -> Ed25519PublicKey:
    try:
        found = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as err:
        raise KeyMalformed(file=name) from err
    if not isinstance(found, Ed25519PublicKey):
        raise KeyMalformed(file=name)
    return found
