"""Every rule of RFC 9309, by its section, and the traps that other parsers fall into."""

from __future__ import annotations

import time

import pytest

from madang.rights.protocols import robots

BOT = b"FooBot"


def allows(text: bytes, path: bytes, token: bytes = BOT) -> bool:
    return robots.parse(text).allows(token, path)


RULES = [
    ("2.1 groups and rules", b"User-agent: FooBot\nDisallow: /a\n", b"/a/b", False),
    ("2.2.1 token is case-insensitive", b"USER-AGENT: foobot\nDISALLOW: /\n", b"/", False),
    ("2.2.1 cut at a slash", b"User-agent: FooBot/2.1\nDisallow: /\n", b"/", False),
    ("2.2.1 other token does not bind", b"User-agent: BarBot\nDisallow: /\n", b"/", True),
    ("2.2.1 prefix is not the token", b"User-agent: Foo\nDisallow: /\n", b"/", True),
    (
        "2.2.1 own group instead of *",
        b"User-agent: *\nDisallow: /\nUser-agent: FooBot\nDisallow: /x\n",
        b"/y",
        True,
    ),
    (
        "2.2.1 * when no own group",
        b"User-agent: BarBot\nAllow: /\nUser-agent: *\nDisallow: /\n",
        b"/y",
        False,
    ),
    ("2.2.1 no group matches", b"User-agent: BarBot\nDisallow: /\n", b"/y", True),
    (
        "2.2.1 groups of one token merge",
        b"User-agent: FooBot\nDisallow: /a\nUser-agent: x\n"
        b"Disallow: /\nUser-agent: foobot\nDisallow: /b\n",
        b"/b",
        False,
    ),
    (
        "2.2.1 several tokens share rules",
        b"User-agent: a\nUser-agent: FooBot\nUser-agent: b\nDisallow: /c\n",
        b"/c",
        False,
    ),
    ("2.2.2 path is case-sensitive", b"User-agent: *\nDisallow: /A\n", b"/a", True),
    ("2.2.2 longest match wins", b"User-agent: *\nAllow: /p\nDisallow: /\n", b"/page", True),
    (
        "2.2.2 longest match, disallow",
        b"User-agent: *\nDisallow: /pa\nAllow: /p\n",
        b"/page",
        False,
    ),
    ("2.2.2 tie goes to allow", b"User-agent: *\nDisallow: /p\nAllow: /p\n", b"/page", True),
    (
        "2.2.2 order does not matter",
        b"User-agent: *\nAllow: /p\nDisallow: /p\n",
        b"/page",
        True,
    ),
    ("2.2.2 empty disallow allows", b"User-agent: *\nDisallow:\n", b"/", True),
    ("2.2.2 no rules allow", b"User-agent: *\n", b"/", True),
    (
        "2.2.2 robots.txt is always allowed",
        b"User-agent: *\nDisallow: /\n",
        b"/robots.txt",
        True,
    ),
    (
        "2.2.2 octets beyond ASCII are escaped",
        "User-agent: *\nDisallow: /마당\n".encode(),
        b"/%EB%A7%88%EB%8B%B9",
        False,
    ),
    (
        "2.2.2 escapes compare in either case",
        b"User-agent: *\nDisallow: /%eb%a7%88\n",
        "/마".encode(),
        False,
    ),
    (
        "2.2.2 unreserved escapes are undone",
        b"User-agent: *\nDisallow: /foo/%62%61%7A\n",
        b"/foo/baz",
        False,
    ),
    (
        "2.2.2 undone in the address too",
        b"User-agent: *\nDisallow: /foo/baz\n",
        b"/foo/%62%61%7A",
        False,
    ),
    ("2.2.2 reserved escapes stay", b"User-agent: *\nDisallow: /a%2Fb\n", b"/a/b", True),
    (
        "2.2.2 a query belongs to the path",
        b"User-agent: *\nDisallow: /x?q=\n",
        b"/x?q=1",
        False,
    ),
    ("2.2.3 # ends the line", b"User-agent: * # all\nDisallow: /a # not b\n", b"/a", False),
    ("2.2.3 $ ends the pattern", b"User-agent: *\nDisallow: /a$\n", b"/ab", True),
    ("2.2.3 $ matches the end", b"User-agent: *\nDisallow: /a$\n", b"/a", False),
    ("2.2.3 * matches any run", b"User-agent: *\nDisallow: /a*z\n", b"/a/b/c/z/d", False),
    ("2.2.3 * may match nothing", b"User-agent: *\nDisallow: /a*b\n", b"/ab", False),
    ("2.2.3 * and $ together", b"User-agent: *\nDisallow: /*.gif$\n", b"/i/x.gif", False),
    ("2.2.3 * and $, more after", b"User-agent: *\nDisallow: /*.gif$\n", b"/x.gif?y", True),
    ("2.2.3 a lone *", b"User-agent: *\nDisallow: *\n", b"/any", False),
    ("2.2.3 *$ matches all", b"User-agent: *\nDisallow: *$\n", b"/any", False),
    ("2.2.3 /*/$ needs its end", b"User-agent: *\nDisallow: /*/$\n", b"/a/b", True),
    ("2.2.3 /*/$ meets its end", b"User-agent: *\nDisallow: /*/$\n", b"/a/b/", False),
    ("2.2.3 segments do not overlap", b"User-agent: *\nDisallow: /ab*ba$\n", b"/aba", True),
    ("2.2.3 $ inside is a letter", b"User-agent: *\nDisallow: /a$b\n", b"/a$b", False),
    (
        "2.2.4 sitemap does not close a group",
        b"User-agent: FooBot\nSitemap: https://e/s\nDisallow: /\n",
        b"/",
        False,
    ),
    (
        "2.2.4 unknown line between agents",
        b"User-agent: FooBot\nCrawl-delay: 5\nUser-agent: b\nDisallow: /\n",
        b"/",
        False,
    ),
    ("2.5 carriage return alone ends a line", b"User-agent: *\rDisallow: /\r", b"/", False),
    ("2.5 CRLF", b"User-agent: *\r\nDisallow: /\r\n", b"/", False),
    ("2.5 no end of line", b"User-agent: *\nDisallow: /", b"/", False),
    ("2.5 spaces around", b" \tUser-agent \t: \t* \nDisallow:/ \t\n", b"/", False),
    ("bom is not a letter", b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", b"/", False),
    ("token with a space", b"User-agent: FooBot is ours\nDisallow: /\n", b"/", False),
    ("star with a comment", b"User-agent: * please\nDisallow: /\n", b"/", False),
    ("star glued to a word names nobody", b"User-agent: *bot\nDisallow: /\n", b"/", True),
    ("typing error that refuses counts", b"User-agent: *\nDisalow: /\n", b"/", False),
    ("no colon, plain intent", b"User-agent *\nDisallow /x\n", b"/x", False),
    ("rules before any agent bind nobody", b"Disallow: /\nUser-agent: FooBot\n", b"/", True),
    ("latin-1 bytes", b"User-agent: *\nDisallow: /caf\xe9\n", b"/caf%E9", False),
]


@pytest.mark.parametrize(
    ("text", "path", "expected"), [pytest.param(*row[1:], id=row[0]) for row in RULES]
)
def test_rule_of_rfc_9309_holds(text, path, expected):
    assert allows(text, path) is expected


FLAGS = [
    (b"\xff\xfeU\0", "encoding"),
    (b"User-agent: *\nDis\0allow: /", "nul"),
    (b"<!DOCTYPE html><html>not found", "html"),
    (b"  \n<html><body>", "html"),
    (b"#" * (robots.FILE_BYTES_MAX + 1), "truncated"),
    (b"User-agent: *\nDisallow: /" + b"a" * robots.LINE_BYTES_MAX, "truncated"),
]


@pytest.mark.parametrize(("content", "flag"), FLAGS)
def test_what_cannot_be_read_as_meant_sets_a_flag_and_is_doubtful(content, flag):
    file = robots.parse(content)
    assert flag in file.flags
    assert file.is_doubtful


def test_rules_up_to_the_limit_still_refuse_in_a_file_that_is_cut():
    file = robots.parse(b"User-agent: *\nDisallow: /\n" + b"#x\n" * 400_000)
    assert "truncated" in file.flags
    assert not file.allows(BOT, b"/a")


def test_extension_lines_stay_in_their_group_and_close_none():
    file = robots.parse(
        b"Content-Signal: search=yes\nUser-agent: FooBot\nContent-Usage: train-ai=n\n"
        b"User-agent: other\nContent-Signal: ai-train=no\nDisallow: /\n"
        b"License: https://e/l.xml\n"
    )
    assert file.usage_for(BOT) == [b"train-ai=n"]
    assert file.content_signal_for(b"other") == [b"search=yes", b"ai-train=no"]
    assert file.licence == [b"https://e/l.xml"]
    assert not file.allows(BOT, b"/")


def test_a_line_that_was_read_before_says_the_same_again_with_its_comment():
    content = b"User-agent: *\nDisallow: /a # no mining here\nDisallow: /a\nno colon\n"
    first, again = robots.parse(content), robots.parse(content)
    assert first == again
    assert first.comments == [b"no mining here", b"no colon"]  # what is no line may speak
    assert not again.allows(b"x", b"/a")
    assert again.flags == {"no_colon"}


def test_comments_are_kept_for_prose():
    file = robots.parse(b"# We reserve text and data mining\nUser-agent: *\n")
    assert file.comments == [b"We reserve text and data mining"]


def test_hostile_patterns_cost_less_than_a_millisecond():
    text = b"User-agent: *\nDisallow: /" + b"a*" * 12 + b"b$\n"
    file = robots.parse(text)
    path = b"/" + b"a" * 2000
    file.allows(BOT, path)
    best = min(_timed(file, path) for _ in range(20))
    assert best < 0.001


def _timed(file: robots.RobotsFile, path: bytes) -> float:
    start = time.perf_counter()
    file.allows(BOT, path)
    return time.perf_counter() - start


def test_a_file_of_only_rules_parses_within_its_limit():
    text = b"User-agent: *\n" + b"".join(b"Disallow: /%d*x$\n" % n for n in range(60_000))
    file = robots.parse(text)
    assert "truncated" in file.flags
    assert not file.allows(BOT, b"/1zzx")
