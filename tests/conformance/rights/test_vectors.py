"""The public vectors: the engine answers each as its specification says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import rights_vectors

from madang.rights import documents
from madang.rights.derive import OBSERVED, statements_of
from madang.rights.facts import ModelKind
from madang.rights.observe import Response, observe
from madang.rights.protocols import c2pa
from madang.rights.signals import merged, vector_of
from madang.rights.site import PATHS, SiteFile, SiteRules, State

FOLDER = Path(__file__).parent / "vectors"


def observed(given: dict):
    """The vector of one record: page, headers, documents and site files together."""
    charset = given.get("charset", "utf-8")
    lines = [("Content-Type", f"text/html; charset={charset}")]
    lines += [(name, value) for name, value in given.get("headers", [])]
    body = given.get("html", "").encode(charset)
    parts = [observe(Response("https://e.example/", 200, lines, body)).vector]
    if "opf" in given:
        parts.append(vector_of(documents.from_opf(given["opf"].encode())))
    if "xmp" in given:
        parts.append(vector_of(documents.from_xmp(given["xmp"].encode())))
    files = {
        PATHS[name]: SiteFile(State.PRESENT, content.encode())
        for name, content in given.get("files", {}).items()
    }
    if "c2pa" in given:
        found = c2pa.from_assertion(given["c2pa"]["data"], is_trusted=given["trusted"])
        parts.append(vector_of(found))
    terms = {"https://e.example/l.xml": given["rsl"].encode()} if "rsl" in given else {}
    rules = SiteRules(files, licences=terms)
    parts.append(rules.vector_for(given.get("path", "/").encode()))
    return merged(*parts)


def answer(protocol: str, given: dict, field: str):
    vector = observed(given)
    if field == "licences":
        return sorted(
            {
                id
                for slot, value in vector
                if slot.startswith("licence/")
                for id in value.split("|")
            }
        )
    facts = replace(OBSERVED, model_kind=ModelKind(given.get("model_kind", "unknown")))
    found = [s.value for s in statements_of(vector, facts) if s.protocol == protocol]
    return found[0].value if found else None


@pytest.mark.parametrize("protocol", rights_vectors.FAMILIES)
def test_engine_answers_every_public_vector(protocol):
    document = json.loads((FOLDER / f"{protocol}.json").read_text(encoding="utf-8"))
    assert document["licence"] == "CC0-1.0"
    assert document["count"] == len(document["vectors"]) >= 300
    wrong = []
    for case in document["vectors"]:
        ((field, expected),) = case["expect"].items()
        found = answer(protocol, case["given"], field)
        if found != (sorted(expected) if isinstance(expected, list) else expected):
            wrong.append((case["id"], case["section"], case["given"], expected, found))
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("protocol", rights_vectors.FAMILIES)
def test_published_vectors_are_those_of_the_generator(protocol):
    published = (FOLDER / f"{protocol}.json").read_text(encoding="utf-8")
    assert published == rights_vectors.document(protocol)
