"""RFC 9309 rule by rule: each row names the section whose sentence or figure it is."""
# ruff: noqa: E501  one file a line

from __future__ import annotations

import pytest

from madang.rights.protocols import aipref, robots, tdmrep

# Section and rule, the file, the token that asks, the path, whether it may be fetched.
RULES = (
    ("2.2.1 case", "user-agent: FooBot\ndisallow: /x", "FOOBOT", "/x", False),
    (
        "2.2.1 merged groups",
        "User-agent: a\nDisallow: /x\n\nUser-agent: b\nDisallow: /y\n\nUser-agent: a\nDisallow: /z",
        "a",
        "/z",
        False,
    ),
    (
        "2.2.1 merged groups 2",
        "User-agent: a\nDisallow: /x\n\nUser-agent: b\nDisallow: /y\n\nUser-agent: a\nDisallow: /z",
        "a",
        "/y",
        True,
    ),
    ("2.2.1 several agents", "User-agent: a\nUser-agent: b\nDisallow: /x", "a", "/x", False),
    (
        "2.2.1 star merged",
        "User-agent: *\nDisallow: /x\n\nUser-agent: *\nDisallow: /y",
        "c",
        "/x",
        False,
    ),
    (
        "2.2.1 own beats star",
        "User-agent: *\nDisallow: /\n\nUser-agent: a\nAllow: /",
        "a",
        "/x",
        True,
    ),
    (
        "2.2.1 own empty beats star",
        "User-agent: *\nDisallow: /\n\nUser-agent: a\nDisallow:",
        "a",
        "/x",
        True,
    ),
    ("2.2.1 no match no rules", "User-agent: a\nDisallow: /", "b", "/x", True),
    ("2.2.1 empty file", "", "b", "/x", True),
    ("2.2.1 substring of ours isn't", "User-agent: foo\nDisallow: /", "foobot", "/x", True),
    ("2.2.1 version in file", "User-agent: foobot/1.2\nDisallow: /", "foobot", "/x", False),
    ("2.2.1 version in token", "User-agent: foobot\nDisallow: /", "foobot/1.2", "/x", False),
    (
        "2.2.1 crawler with own group without rules",
        "User-agent: *\nDisallow: /\nUser-agent: a\n",
        "a",
        "/x",
        True,
    ),
    ("2.2.2 longest", "User-agent: *\nDisallow: /a\nAllow: /a/b", "x", "/a/b/c", True),
    ("2.2.2 longest2", "User-agent: *\nAllow: /a\nDisallow: /a/b", "x", "/a/b/c", False),
    ("2.2.2 tie allow", "User-agent: *\nDisallow: /a\nAllow: /a", "x", "/a", True),
    ("2.2.2 order", "User-agent: *\nAllow: /a/b\nDisallow: /a", "x", "/a/b", True),
    ("2.2.2 case sens", "User-agent: *\nDisallow: /A", "x", "/a", True),
    ("2.2.2 start", "User-agent: *\nDisallow: /b", "x", "/a/b", True),
    ("2.2.2 prefix", "User-agent: *\nDisallow: /fish", "x", "/fish.html", False),
    ("2.2.2 slash", "User-agent: *\nDisallow: /fish/", "x", "/fish", True),
    ("2.2.2 query", "User-agent: *\nDisallow: /fish?", "x", "/fish?a=1", False),
    ("2.2.2 robots.txt", "User-agent: *\nDisallow: /", "x", "/robots.txt", True),
    (
        "2.2.2 pct utf8",
        "User-agent: *\nDisallow: /foo/bar/ツ",
        "x",
        "/foo/bar/%E3%83%84",
        False,
    ),
    (
        "2.2.2 pct utf8 2",
        "User-agent: *\nDisallow: /foo/bar/%E3%83%84",
        "x",
        "/foo/bar/%E3%83%84",
        False,
    ),
    (
        "2.2.2 pct ascii",
        "User-agent: *\nDisallow: /foo/bar/%62%61%7A",
        "x",
        "/foo/bar/baz",
        False,
    ),
    ("2.2.2 pct lower", "User-agent: *\nDisallow: /a/%e3%83%84", "x", "/a/%E3%83%84", False),
    (
        "2.2.2 pct reserved",
        "User-agent: *\nDisallow: /foo/bar?baz=https%3A%2F%2Ffoo.bar",
        "x",
        "/foo/bar?baz=https%3A%2F%2Ffoo.bar",
        False,
    ),
    ("2.2.3 #", "User-agent: * # c\nDisallow: /x # c", "y", "/x", False),
    ("2.2.3 $", "User-agent: *\nDisallow: /x$", "y", "/xy", True),
    ("2.2.3 $ end", "User-agent: *\nDisallow: /x$", "y", "/x", False),
    ("2.2.3 *", "User-agent: *\nDisallow: /a*c", "y", "/abbbc/d", False),
    ("2.2.3 **", "User-agent: *\nDisallow: /a**c", "y", "/ac", False),
    ("2.2.3 * $", "User-agent: *\nDisallow: /*.gif$", "y", "/a.gif", False),
    ("2.2.3 * $ no", "User-agent: *\nDisallow: /*.gif$", "y", "/a.gif?x", True),
    (
        "2.2.3 esc *",
        "User-agent: *\nDisallow: /path/file-with-a-%2A.html",
        "y",
        "/path/file-with-a-*.html",
        False,
    ),
    (
        "2.2.3 esc * not others",
        "User-agent: *\nDisallow: /path/file-with-a-%2A.html",
        "y",
        "/path/file-with-a-b.html",
        True,
    ),
    ("2.2.3 esc $", "User-agent: *\nDisallow: /path/foo-%24", "y", "/path/foo-$", False),
    ("2.2.3 trailing *", "User-agent: *\nDisallow: /x*", "y", "/x", False),
    ("2.2.3 $ in middle", "User-agent: *\nDisallow: /a$b", "y", "/a$b", False),
    ("2.2.4 other", "User-agent: *\nSitemap: https://x\nDisallow: /x", "y", "/x", False),
    (
        "2.2.4 other between agents",
        "User-agent: a\nSitemap: https://x\nUser-agent: b\nDisallow: /x",
        "a",
        "/x",
        False,
    ),
    ("2.2 white space", "   User-agent   :   *   \n  Disallow  :  /x  ", "y", "/x", False),
    ("2.2 line end CR", "User-agent: *\rDisallow: /x\r", "y", "/x", False),
    ("2.3 byte-order mark", "\ufeffUser-agent: *\nDisallow: /x", "y", "/x", False),
    ("2.2 no line end at the end", "User-agent: *\nDisallow: /x", "y", "/x", False),
    (
        "2.2.1 rules before any agent",
        "Disallow: /x\nUser-agent: *\nDisallow: /y",
        "y",
        "/x",
        True,
    ),
    ("2.2.2 empty disallow", "User-agent: *\nDisallow:", "y", "/x", True),
    ("2.2.2 empty allow", "User-agent: *\nAllow:\nDisallow: /x", "y", "/x", False),
    ("2.2.1 dot in a name", "User-agent: foo.bar\nDisallow: /", "foo", "/x", False),
    (
        "5.1 simple",
        "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\nUser-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\nUser-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n",
        "foobot",
        "/example/page.html",
        True,
    ),
    (
        "5.1 simple2",
        "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\nUser-Agent: foobot\nDisallow:/\nAllow:/example/page.html\n",
        "foobot",
        "/example/x",
        False,
    ),
    (
        "5.1 simple3",
        "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n",
        "z",
        "/publications/a.gif",
        True,
    ),
    (
        "5.1 bazbot",
        "User-Agent: *\nDisallow: *.gif$\n\nUser-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n",
        "bazbot",
        "/a.gif",
        True,
    ),
    (
        "5.1 quxbot",
        "User-Agent: *\nDisallow: *.gif$\n\nUser-Agent: quxbot\n",
        "quxbot",
        "/a.gif",
        True,
    ),
    (
        "5.2 longest",
        "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif",
        "foobot",
        "/example/page/disallowed.gif",
        False,
    ),
)


@pytest.mark.parametrize(("rule", "file", "token", "path", "may"), RULES)
def test_a_rule_of_the_standard_holds(rule, file, token, path, may):
    assert robots.parse(file.encode()).allows(token.encode(), path.encode()) is may


MEANT = (("%2A", "*"), ("%2a", "*"), ("%24", "$"))


@pytest.mark.parametrize(("written", "sign"), MEANT)
def test_protocols_with_paths_of_robots_read_a_literal_sign_alike(written, sign):
    """Figure 6 of RFC 9309, which the others send their readers to."""
    path, other = f"/foo-{sign}/x".encode(), b"/foo-y/x"
    line = f"/foo-{written}/ train-ai=n".encode()
    assert [one.value for one in aipref.from_robots([line], path, is_allowed=True)] == ["no"]
    assert not aipref.from_robots([line], other, is_allowed=True)
    place = f'[{{"location": "/foo-{written}/", "tdm-reservation": 1}}]'.encode()
    file = tdmrep.parse_file(place)
    assert [one.value for one in file.signals_for(path)] == ["no"]
    assert not file.signals_for(other)


@pytest.mark.parametrize(("written", "sign"), MEANT)
def test_an_allowance_is_compared_as_it_stands(written, sign):
    """Of two readings of an address the one that refuses wins."""
    file = f"User-agent: *\nDisallow: /\nAllow: /foo-{written}\n".encode()
    assert not robots.parse(file).allows(b"x", f"/foo-{sign}".encode())
    assert robots.parse(file).allows(b"x", f"/foo-{written.upper()}".encode())
