"""The quick search never skips a page on which the parser would find a statement."""

from __future__ import annotations

import importlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rights_adversarial

from madang.rights import pages

# A module of this name, not a function.
observe = importlib.import_module("madang.rights.observe")
quick = importlib.import_module("madang.rights.search")
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
    scan = getattr(quick, make)().page
    assert scan is not None
    missed = []
    for body in bodies():
        text, _ = observe.decoded(body, "utf-8")
        said = [s for s in pages.read(text, "MadangBot") if s.protocol != "note"]
        if said and scan(body) is None:
            missed.append((body[:200], said[0]))
    assert not missed, (len(missed), missed[:3])


def test_both_searches_agree_on_every_page():
    one, other = quick._hyperscan().page, quick._re2().page
    different = [body[:200] for body in bodies() if kind(one(body)) != kind(other(body))]
    assert not different, (len(different), different[:3])


def kind(hit):
    return hit and hit.has_prose


FILLER = b"<p>" + b"plain words " * 500 + b"</p>"
LEADS = {
    "a mark far before": b"<html><head><meta name='robots' content='noai'></head><body>"
    + FILLER,
    "an open tag": FILLER + b"<a rel='license'" + b" data-x='y'" * 400,
    "an open comment": FILLER + b"<!-- noai " + b"x " * 2000,
    "an open script": FILLER + b"<script>var noai = '" + b"x" * 4000,
    "an open title": FILLER + b"<title>noai " + b"x" * 4000,
    "an open template": FILLER + b"<template><i>noai " + b"x" * 4000,
}


@pytest.mark.parametrize("lead", LEADS)
def test_stopping_behind_the_last_mark_reads_what_the_whole_page_says(lead):
    """Every page of the sets, behind a lead that puts its marks in an awkward place."""
    scan = quick._hyperscan().page
    wrong = []
    for body in bodies():
        page = LEADS[lead] + body.replace(b"<html>", b"") + FILLER
        hit = scan(page)
        if hit is None or hit.has_prose:
            continue
        end = hit.end + pages.MARGIN_BYTES
        said = pages.read(page, "MadangBot", has_prose=False, marks_end=end)
        if said != pages.read(page, "MadangBot", has_prose=False):
            wrong.append((body[:200], said))
    assert not wrong, (len(wrong), wrong[:3])


def test_threads_search_at_the_same_time():
    """Workers of a cluster are threads: each must have a search of its own."""
    body = b"<p>a page about a train </p>" * 100_000 + b'<meta name="robots" content="noai">'
    alone = quick.search().page(body)
    start = threading.Barrier(4)

    def search():
        start.wait()
        return {quick.search().page(body) for _ in range(12)}

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(search) for _ in range(4)]
    assert [f.result() for f in found] == [{alone}] * 4


BETWEEN = {
    "a picture": b"<img src='data:image/png;base64," + b"iVBORw0KGgoAAAANSUhEUg" * 2000 + b"'>",
    "a script": b"<script>" + b"var rows = [1, 2, 3];" * 2000 + b"</script>",
    "a drawing": b"<svg viewBox='0 0 9 9'>" + b"<path d='M0 0L9 9'/>" * 2000 + b"</svg>",
    "a comment": b"<!--" + b" words of nobody " * 2000 + b"-->",
    "spaces": b" \n" * 20_000,
}
SENTENCES = {
    "English": (b"<p>Text and data mining of this site ", b" is prohibited.</p>"),
    "Korean": (
        "<p>이 글을 인공지능 학습에 ".encode(),
        "이용하는 것을 금지합니다.</p>".encode(),
    ),
}


@pytest.mark.parametrize("make", ["_hyperscan", "_re2"])
@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_found_whatever_stands_between_its_words(make, between, language):
    begin, end = SENTENCES[language]
    page = b"<html><body>" + begin + BETWEEN[between] + end + FILLER
    hit = getattr(quick, make)().page(page)
    assert hit is not None and hit.has_prose
    said = pages.read(page, "MadangBot", has_prose=True)
    assert [one for one in said if one.protocol == "prose"], said
