"""Reading a member at once gives the records that a stream gives, whatever an archive holds.

Archives are made of pieces of every spelling and damage, at random; both readers must agree on
every record: its place, its headers and each byte of its body.
"""

from __future__ import annotations

import gzip
import os
import random
import zlib

import pytest

from madang.rights.observe import BODY_BYTES_MAX
from madang.rights.scan import members
from madang.rights.scan.archives import read_warc
from madang.rights.scan.members import read_members
from madang.rights.scan.plainly import LAYOUTS_MAX, Layouts
from madang.rights.scan.records import Kind

SEEDS = 1200 if os.environ.get("MADANG_TEST_LONG") == "1" else 12  # of twelve archives each
PAGE = b"<html><head><meta name=robots content=noai></head>" + b"<p>text of a page</p>" * 90
HEADERS = (
    b"Content-Type: text/html; charset=utf-8",
    b"content-type:text/html",
    b"Content-Type:   text/html  ",
    b"X-Robots-Tag: noai",
    b"x-robots-tag: GPTBot: noai",
    b"X-Robots-Tag:",
    b"Server: a server: with a colon",
    b"Set-Cookie: \xea\xb0\x80\xeb\x82\x98",
    b"X-Folded: one\r\n two",
    b"no colon at all",
    b"Content-Encoding: gzip",
    b"Content-Encoding: identity",
    b"Transfer-Encoding: chunked",
    b"Link: <https://e.example/l>; rel=license ",
)
STATUS = (
    b"HTTP/1.1 200 OK",
    b"HTTP/1.0 206 Partial",
    b"HTTP/1.1 200",
    b"HTTP/2 404 no",
    b"200 OK",
)
NAMES = (b"WARC-Type", b"warc-type", b"WARC-TYPE")
DATES = (b"2026-03-01T00:00:00Z", b"2026-03-01T00:00:00.123456Z", b"yesterday", b"")
URLS = (
    b"https://e.example/a",
    b"<https://e.example/b>",
    b"https://e.example/robots.txt",
    b"https://e.example/\xea\xb0\x80",
    b"",
)
KINDS = (
    b"response",
    b"response",
    b"response",
    b"request",
    b"warcinfo",
    b"metadata",
    b"revisit",
    b"unknown",
)


REFERS = (
    b"WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    b"WARC-Refers-To-Target-URI: https://e.example/robots.txt",
    b"WARC-Refers-To-Date: 2026-02-01T00:00:00Z",
)


def http(rng):
    odd = rng.sample(HEADERS, rng.randrange(5))
    lines = [usual(rng, STATUS[0], STATUS), HEADERS[0], *usual(rng, [HEADERS[3]], [odd])]
    if rng.random() < 0.3:
        lines += odd
    end = usual(rng, b"\r\n\r\n", [b"\n\n", b""])
    body = PAGE[: rng.randrange(len(PAGE))]
    if b"Content-Encoding: gzip" in lines:
        body = rng.choice([gzip.compress(body), body])
    if b"Transfer-Encoding: chunked" in lines:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return usual(rng, b"\r\n", [b"\n"]).join(lines) + end + body


def block(rng, kind):
    if kind == b"request":
        lines = [b"GET / HTTP/1.1", b"User-Agent: CCBot/2.0", b"user-agent: other", b"Host: e"]
        return b"\r\n".join([lines[0], *rng.sample(lines[1:], 2)]) + b"\r\n\r\n"
    if kind == b"warcinfo":
        return b"software: x\r\nhttp-header-user-agent: CCBot/2.0\r\n"
    if kind == b"revisit":
        return http(rng).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    return http(rng) if kind == b"response" else b"some: thing\r\n"


def usual(rng, value, odd):
    """Most of the time what everybody writes, so that odd things meet usual neighbours."""
    return value if rng.random() < 0.95 else rng.choice(odd)


def record(rng, order=None):
    """One record, its lines in any order, or in that of a writer who has one."""
    kind = rng.choice(KINDS)
    content = block(rng, kind)
    is_http = kind in (b"response", b"request", b"revisit")
    mime = b"application/http;msgtype=" + kind if is_http else b"application/warc-fields"
    lines = [
        usual(rng, NAMES[0], NAMES) + b": " + kind,
        b"WARC-Date: " + usual(rng, DATES[0], DATES),
        b"WARC-Record-ID: <urn:uuid:%032x>" % rng.getrandbits(128),
        b"WARC-Target-URI: " + rng.choice([usual(rng, URLS[0], URLS), URLS[2]]),
        b"Content-Type: " + usual(rng, mime, [b"text/plain", b"application/http"]),
        b"Content-Length: %d" % usual(rng, len(content), [len(content) + 1, 0]),
    ]
    if kind in (b"response", b"revisit"):
        lines.append(b"WARC-Payload-Digest: sha1:%032x" % rng.getrandbits(128))
    if kind == b"revisit":
        lines += usual(rng, REFERS, [REFERS[1:], REFERS[:2], []])
    lines = (
        rng.sample(lines, len(lines))
        if order is None
        else [
            *(lines[n] for n in order),
            *lines[len(order) :],
        ]
    )
    if rng.random() < 0.2:
        extra = (lines[0], b"WARC-Truncated: length", b"X-Own: y", b"WARC-Protocol: h2", b"odd")
        lines.append(rng.choice(extra))
    first = usual(rng, b"WARC/1.0", [b"WARC/1.1", b"WARC/0.18", b"NOTWARC"])
    return b"\r\n".join([first, *lines]) + b"\r\n\r\n" + content + b"\r\n\r\n"


def archive(rng):
    """Members, most of one record each, some of two, some hurt, some bytes between them."""
    made = b""
    order = rng.choice([None, rng.sample(range(6), 6)])
    for _ in range(rng.randint(1, 12)):
        plain = record(rng, order) + (record(rng) if rng.random() < 0.04 else b"")
        member = bytearray(gzip.compress(plain, rng.randint(0, 9), mtime=rng.getrandbits(31)))
        if rng.random() < 0.03:
            member[rng.randrange(len(member))] ^= 1 << rng.randrange(8)
        if rng.random() < 0.03:
            member += rng.choice([b"\0" * 8, b"garbage!", members.GZIP_MARK + b"no", b"\r\n"])
        made += member
    return made[: rng.randrange(len(made))] if rng.random() < 0.05 else made


def said(record):
    content = (list(record.headers), bytes(record.body), record.mime, record.length)
    state = (record.is_cut, record.damage, record.detail, record.agent)
    meant = (record.digest, record.refers_to)
    where = (record.kind, record.offset, record.url, record.at, record.status)
    return (*where, content, state, meant)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_both_readers_agree_on_every_record_of_random_archives(seed, tmp_path):
    rng = random.Random(seed)
    for number in range(12):
        path = tmp_path / f"{number}.warc.gz"
        path.write_bytes(archive(rng))
        at_once = [said(r) for r in read_members(str(path), 0, "")]
        assert at_once == [said(r) for r in read_warc(str(path), 0, "")], (seed, number)


def one(path, body, *, times=1):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    lines = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2026-03-01T00:00:00Z\r\n"
        b"WARC-Target-URI: https://e.example/\r\nContent-Type: application/http\r\n"
        b"Content-Length: %d\r\n\r\n" % (len(head) + len(body))
    )
    plain = lines + head + body + b"\r\n\r\n"
    path.write_bytes(gzip.compress(plain, 1) * times)


def test_a_hurt_record_behind_one_of_its_own_length_is_named(tmp_path):
    path = tmp_path / "a.warc.gz"
    one(path, b"<p>first</p>")
    first = path.read_bytes()
    one(path, b"<p>other</p>")
    path.write_bytes(first + b"\x1e" + path.read_bytes()[1:] + first)
    found = [said(r) for r in read_members(str(path), 0, "")]
    assert found == [said(r) for r in read_warc(str(path), 0, "")]
    assert [record[0] for record in found].count(Kind.UNREADABLE) == 1


def test_a_body_beyond_the_limit_is_cut_as_a_stream_cuts_it_and_reading_goes_on(tmp_path):
    path = tmp_path / "a.warc.gz"
    one(path, bytes(BODY_BYTES_MAX + (2 << 20)), times=2)
    found = [said(r) for r in read_members(str(path), 0, "")]
    assert found == [said(r) for r in read_warc(str(path), 0, "")]
    assert [r[6][0] for r in found] == [True, True]


def test_a_mark_inside_of_a_body_is_not_taken_for_the_next_record(tmp_path):
    inner = tmp_path / "inner.warc.gz"
    one(inner, PAGE, times=3)
    path = tmp_path / "a.warc.gz"
    compressor = zlib.compressobj(0, zlib.DEFLATED, 31)  # stored: the inner marks stand open
    head = b"HTTP/1.1 200 OK\r\n\r\n" + inner.read_bytes()
    plain = (
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\n"
        b"WARC-Date: 2026-03-01T00:00:00Z\r\nWARC-Target-URI: https://e.example/\r\n"
        b"Content-Length: %d\r\n\r\n" % len(head) + head + b"\r\n\r\n"
    )
    member = compressor.compress(plain) + compressor.flush()
    assert member.count(members.GZIP_MARK) == 4
    path.write_bytes(member * 2)
    found = [r for r in read_members(str(path), 0, "") if r.kind is Kind.RESPONSE]
    assert len(found) == 2
    assert [said(r) for r in found] == [said(r) for r in read_warc(str(path), 0, "")]


def test_a_record_between_two_equal_ones_is_not_skipped_behind_garbage(tmp_path):
    """The length before a later mark may be that of an earlier record: its end is inflated."""
    one(tmp_path / "a", PAGE)
    one(tmp_path / "b", PAGE[:600])
    first, other = (tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()
    path = tmp_path / "c.warc.gz"
    path.write_bytes(first + b"garbage!" + other + first)
    at_once = [said(r) for r in read_members(str(path), 0, "")]
    assert at_once == [said(r) for r in read_warc(str(path), 0, "")]
    assert len([r for r in at_once if r[0] is Kind.RESPONSE]) >= 2


def test_both_searches_for_beginnings_find_the_same_places():
    rng = random.Random(5)
    search = members._hyperscan_marks()
    assert search is not None
    for _ in range(400):
        block = bytes(rng.choices(b"\x1f\x8b\x08\x00\n", k=rng.randrange(200)))
        assert search(block) == members._plain_marks(block)
    assert search(b"") == []


def layouts_after(plain):
    learnt = Layouts()
    assert learnt.whole(plain) is not None
    assert learnt.fit(plain) is not None
    return learnt


LINES = (
    b"WARC-Type: response\r\nWARC-Date: 2026-03-01T00:00:00Z\r\n"
    b"WARC-Target-URI: https://e.example/%d\r\nWARC-IP-Address: 10.0.0.1\r\n"
    b"Content-Type: application/http\r\n"
)
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Robots-Tag: noai\r\n\r\n"


def plain_record(lines, content, length=None):
    said = b"Content-Length: %d\r\n" % (len(content) if length is None else length)
    return b"WARC/1.0\r\n" + lines + said + b"\r\n" + content + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("lines", "content", "length"),
    [
        (LINES % 2, HTTP + b"<p>another</p>", None),
        (LINES % 2, HTTP, 3),  # ends within its own header
        (LINES % 2, HTTP + b"x", 900),  # says more than there is
        (LINES % 2, HTTP.replace(b" OK", b""), None),
        (LINES % 2, HTTP.replace(b"noai", b"noai "), None),  # a space at a line's end
        (LINES % 2, HTTP.replace(b"X-Robots-Tag", b"X Robots"), None),
        (LINES % 2, HTTP.replace(b"200", b"206"), None),
        (LINES % 2, HTTP.replace(b"text/html", b"text/html\r\n folded: yes"), None),
        (LINES.replace(b"2026-03", b"2026-13") % 2, HTTP, None),  # no such month
        (LINES.replace(b"https", b"<https") % 2, HTTP, None),
        (LINES.replace(b"response", b"request") % 2, HTTP, None),
        (LINES.replace(b"response", b"resource") % 2, HTTP, None),
        (LINES.replace(b"application/http", b"text/html") % 2, HTTP, None),
        (LINES % 2 + b"WARC-Truncated: length\r\n", HTTP, None),
        (LINES % 2 + b"WARC-Date: 2026-03-02T00:00:00Z\r\n", HTTP, None),
        (LINES % 2 + b"X-Own: y\r\n", HTTP, None),
        (b"warc-type: response\r\n" + LINES.partition(b"\r\n")[2] % 2, HTTP, None),
    ],
)
def test_a_learnt_layout_reads_no_record_otherwise(lines, content, length):
    """What was learnt from an earlier record changes nothing about what a later one says."""
    plain = plain_record(lines, content, length)
    learnt = layouts_after(plain_record(LINES % 1, HTTP + b"<p>first</p>"))
    told, fresh = learnt.whole(plain), Layouts().whole(plain)
    assert (told is None) == (fresh is None)
    assert told is None or said(told) == said(fresh)


def test_more_layouts_than_are_learnt_are_still_read():
    learnt = Layouts()
    for number in range(3 * LAYOUTS_MAX):
        extra = b"WARC-Protocol: h2\r\n" * number
        plain = plain_record(LINES % number + extra, HTTP + b"<p>one of many</p>")
        found = learnt.whole(plain)
        assert found is not None
        assert found.url == f"https://e.example/{number}"
