"""C2PA on files that were really signed, trusted and not, whole and altered."""

from __future__ import annotations

from dataclasses import replace

import pytest
import rights_signed

from madang.rights.derive import OBSERVED, derive
from madang.rights.facts import ModelKind, Reservation
from madang.rights.observe import Response, observe
from madang.rights.protocols import c2pa
from madang.rights.signals import vector_of

NO = {"use": "notAllowed"}
LABELS = ("cawg.training-mining", "c2pa.training-mining")
GENERATIVE = replace(OBSERVED, model_kind=ModelKind.GENERATIVE)


@pytest.fixture(scope="module")
def authority():
    return rights_signed.Authority()


@pytest.fixture(scope="module", params=rights_signed.PICTURES)
def mime(request):
    return request.param


def seen(content, mime, anchors=""):
    lines = [("Content-Type", mime)]
    return observe(Response("https://e.example/p", 200, lines, content), "MadangBot", anchors)


def reservation(content, mime, anchors=""):
    return derive(seen(content, mime, anchors).vector, GENERATIVE).facts.reservation


@pytest.mark.parametrize("label", LABELS)
def test_signed_refusal_under_a_trusted_root_reserves(authority, mime, label):
    prefix = label.partition(".")[0]
    entries = {f"{prefix}.ai_generative_training": NO}
    signed = authority.sign(rights_signed.PICTURES[mime], mime, entries, label)
    anchors = authority.anchors()
    assert reservation(signed, mime, anchors) is Reservation.MACHINE_READABLE
    assert "c2pa" in derive(seen(signed, mime, anchors).vector, GENERATIVE).facts.reserved_by


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ({"use": "allowed"}, "yes"),
        ({"use": "notAllowed"}, "no"),
        ({"use": "constrained"}, "no"),
        ({"use": "constrained", "constraint_info": "write to us"}, "offer"),
    ],
)
def test_signed_use_is_read_as_the_specification_says(authority, mime, use, said):
    signed = authority.sign(
        rights_signed.PICTURES[mime], mime, {"cawg.ai_generative_training": use}, LABELS[0]
    )
    found = c2pa.from_media(signed, mime, authority.anchors())
    assert [(s.label, str(s.value)) for s in found] == [("generative", said)]


@pytest.mark.parametrize("use", ["allowed", "notAllowed"])
def test_signature_under_a_root_that_nobody_trusts_is_for_a_person(authority, mime, use):
    entries = {"cawg.ai_generative_training": {"use": use}}
    signed = authority.sign(rights_signed.PICTURES[mime], mime, entries, LABELS[0])
    other = rights_signed.Authority().anchors()
    assert reservation(signed, mime) is Reservation.AMBIGUOUS
    assert reservation(signed, mime, other) is Reservation.AMBIGUOUS


def test_one_altered_byte_of_the_picture_or_its_manifest_decides_nothing(authority, mime):
    entries = {"cawg.ai_generative_training": {"use": "allowed"}}
    signed = authority.sign(rights_signed.PICTURES[mime], mime, entries, LABELS[0])
    at = signed.index(b"cawg.training-mining") + len(b"cawg.training-mining")
    for place in (at + 40, len(signed) - 20):
        altered = bytearray(signed)
        altered[place] ^= 1
        said = vector_of(c2pa.from_media(bytes(altered), mime, authority.anchors()))
        assert derive(said, GENERATIVE).facts.reservation is not Reservation.NONE, place


def test_picture_that_nobody_signed_says_nothing(mime):
    assert c2pa.from_media(rights_signed.PICTURES[mime], mime) == []
