"""Short cuts through large pages say what the long way says."""

from __future__ import annotations

import random

import pytest

from madang.rights import observe, pages
from madang.rights.observe import Response

TDM = '<meta name="tdm-reservation" content="1">'
FILLED = "p{margin:0}\n" * 4_000


def said(body):
    response = Response("https://a.example/", 200, [("Content-Type", "text/html")], body)
    return observe.observe(response).vector


@pytest.mark.parametrize(
    "behind",
    [
        f"<style>{FILLED}</style>",
        f"<script>var a='</style>';{FILLED}</script>",
        f"<!-- </script>{FILLED}-->",
        f"<style>{FILLED}",
        f"<textarea></style>{FILLED}</textarea>",
        f"<script>/* <!-- <script> {FILLED}</script> */</script>",
    ],
)
@pytest.mark.parametrize("last", ["", '<a rel="license" href="https://e.example/l">l</a>'])
def test_a_mark_before_a_long_script_is_read_as_in_the_whole_page(behind, last):
    body = f"<html><head>{TDM}{behind}</head><body>{last}<p>text</p></body></html>".encode()
    whole = pages.read(body, "MadangBot")
    assert said(body) == observe.vector_of(whole)
    assert ("tdmrep/reservation@html", "no") in said(body)


def plainly_deep(body):
    return body.count(b"<") - body.count(b"</") > pages.OPEN_ELEMENTS_MAX


def plainly_heavy(body):
    """Elements and attributes, counted octet by octet."""
    if len(body) < observe.NODES_MAX:
        return False
    nodes = 2 * body.count(b"<")
    if nodes > observe.NODES_MAX:
        return True
    tags = observe._NO_TAG.sub(b"", body)
    gaps = min(observe._gaps(body), observe._gaps(tags))
    return nodes + gaps > observe.NODES_MAX


def test_counts_by_arrays_are_the_counts_of_octets(monkeypatch):
    monkeypatch.setattr(observe, "NODES_MAX", 60)
    monkeypatch.setattr(pages, "OPEN_ELEMENTS_MAX", 8)
    rng, heavy, deep = random.Random(1), 0, 0
    for _ in range(3_000):
        weights = [rng.random() + 0.01 for _ in range(11)]
        body = bytes(rng.choices(b"<>/'\" \n\tab=", weights, k=rng.choice((0, 1, 50, 61, 150))))
        assert observe.is_heavy(body) == plainly_heavy(body)
        assert observe._may_be_deep(body) == plainly_deep(body)
        heavy += observe.is_heavy(body)
        deep += observe._may_be_deep(body)
    assert heavy > 100
    assert deep > 100
