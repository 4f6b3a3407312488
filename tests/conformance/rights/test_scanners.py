"""The quick search never skips a page on which the parser would find a statement."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import rights_adversarial

from madang.rights import pages

# A module of this name, not a function.
observe = importlib.import_module("madang.rights.observe")
VECTORS = Path(__file__).parent / "vectors"


def bodies() -> list[bytes]:
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            if "html" in case["given"]:
                found.append(
                    case["given"]["html"].encode(case["given"].get("charset", "utf-8"))
                )
    attacks = rights_adversarial.attacks()
    found += [a.body for a in attacks if b"\0" not in a.body and b"<" in a.body[:200]]
    return found


@pytest.mark.parametrize("make", ["_hyperscan", "_re2"])
def test_each_search_hits_every_page_that_says_something(make):
    scan = getattr(observe, make)()
    assert scan is not None
    missed = []
    for body in bodies():
        text, _ = observe.decoded(body, "utf-8")
        said = [s for s in pages.read(text, "MadangBot") if s.protocol != "note"]
        if said and scan(body) is None:
            missed.append((body[:200], said[0]))
    assert not missed, (len(missed), missed[:3])


def test_both_searches_agree_on_every_page():
    one, other = observe._hyperscan(), observe._re2()
    different = [body[:200] for body in bodies() if one(body) is not other(body)]
    assert not different, (len(different), different[:3])
