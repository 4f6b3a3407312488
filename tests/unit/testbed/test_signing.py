"""A signed report: every single-bit change of it is detected; nothing else opens it."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from madang.testbed.harness import signing

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PAYLOAD = signing.statement(
    {"spec.toml": "0" * 64, "runs/01/samples.csv": "f" * 64},
    {"device": "칩", "verdict": "passed", "figures": {"samples_per_s": 1.5}},
)
REPORT = signing.sign(PAYLOAD, KEY)


def test_a_report_opens_with_its_public_key_and_gives_its_payload_back():
    assert signing.opened(REPORT, KEY.public_key()) == PAYLOAD


def test_every_single_bit_change_of_a_report_is_detected():
    """All bits of the file: payload, padding of base64, key id, names, line end."""
    undetected = []
    for place in range(8 * len(REPORT)):
        changed = bytearray(REPORT)
        changed[place // 8] ^= 1 << place % 8
        try:
            signing.opened(bytes(changed), KEY.public_key())
        except signing.Broken:
            continue
        undetected.append(place)
    assert undetected == []


def rewritten(**changes: object) -> bytes:
    return json.dumps({**json.loads(REPORT), **changes}).encode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (REPORT + b"\n", "around the signed content"),
        (REPORT[:-1], "around the signed content"),
        (rewritten(), "around the signed content"),
        (rewritten(note="x"), "around the signed content"),
        (rewritten(payloadType="text/plain"), "around the signed content"),
        (rewritten(signatures=[]), "no DSSE envelope"),
        (rewritten(signatures=json.loads(REPORT)["signatures"] * 2), "no DSSE envelope"),
        (b"", "no DSSE envelope"),
        (b"[" * 100_000, "no DSSE envelope"),
        (b"[]", "no DSSE envelope"),
        (b"\xff\xfe", "no DSSE envelope"),
        (signing.sign(PAYLOAD, OTHER), "not by this key"),
    ],
)
def test_what_was_not_signed_as_it_stands_is_refused_with_the_place(changed, words):
    with pytest.raises(signing.Broken, match=words):
        signing.opened(changed, KEY.public_key())


def test_the_envelope_is_the_one_that_dsse_describes():
    envelope = json.loads(REPORT)
    body = base64.b64decode(envelope["payload"])
    kind = b"application/vnd.in-toto+json"
    signed = b"DSSEv1 28 " + kind + b" " + str(len(body)).encode() + b" " + body
    KEY.public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)
    statement = json.loads(body)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert [one["name"] for one in statement["subject"]] == ["runs/01/samples.csv", "spec.toml"]


def test_same_content_and_key_give_the_same_bytes():
    assert signing.sign(PAYLOAD, KEY) == REPORT


def test_a_new_key_is_its_owners_alone_and_is_read_again(tmp_path):
    path = tmp_path / "secrets" / "key.pem"
    fresh = signing.private_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = signing.private_key(path)
    assert signing.key_id(again.public_key()) == signing.key_id(fresh.public_key())
