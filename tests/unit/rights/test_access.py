"""RFC 9309 sections 2.3 to 2.5: where the file is, its answers, how long, how much."""

from __future__ import annotations

import itertools

import pytest

from madang.rights.protocols import robots
from madang.rights.scan.evidence import PackWriter
from madang.rights.scan.sites import Attempt, RulesCache, SiteIndex
from madang.rights.site import Kind, State, state_of

ORIGIN = "https://e.example"
HOUR = 3600 * 1_000_000
NO = b"User-agent: *\nDisallow: /\n"
STATUSES = [
    ("2.3.1.1 successful", 200, State.PRESENT),
    ("2.3.1.1 any 2xx", 206, State.PRESENT),
    ("2.3.1.3 unavailable", 400, State.ABSENT),
    ("2.3.1.3 forbidden is unavailable", 403, State.ABSENT),
    ("2.3.1.3 not found", 404, State.ABSENT),
    ("2.3.1.3 gone", 410, State.ABSENT),
    ("2.3.1.3 the last of its class", 499, State.ABSENT),
    ("unsettled: too many requests", 429, State.UNESTABLISHED),
    ("2.3.1.4 unreachable", 500, State.UNESTABLISHED),
    ("2.3.1.4 unavailable for now", 503, State.UNESTABLISHED),
    ("2.3.1.4 no answer at all", 599, State.UNESTABLISHED),
]


@pytest.mark.parametrize(("rule", "status", "state"), STATUSES)
def test_status_of_robots_means_what_the_rfc_says(rule, status, state):
    assert state_of(status, Kind.ROBOTS, NO) is state


@pytest.fixture
def site(tmp_path):
    """Builds a site's index out of (hour, address, status, location, content)."""
    (tmp_path / "evidence").mkdir()

    def built(*answers):
        pack = PackWriter(tmp_path / "evidence" / "p.pack")
        attempts, is_cut = [], False
        for hour, url, status, location, content in answers:
            digest = pack.put(content)
            at = int(hour * HOUR)
            place = pack.place(digest)
            attempts.append(
                Attempt(url, "robots", at, status, location, is_cut, digest, "p", place)
            )
        pack.close()
        return SiteIndex(tmp_path, attempts)

    return built


def verdict(index, hour, origin=ORIGIN):
    rules = RulesCache(index, "MadangBot").rules(origin, int(hour * HOUR), "MadangBot")
    return dict(rules.vector_for(b"/a"))["robots/fetch@file"]


def chain(hops):
    """A file behind so many redirects, each on another authority."""
    places = [
        f"{ORIGIN}/robots.txt",
        *(f"https://h{n}.example/robots.txt" for n in range(hops)),
    ]
    moves = [(0, a, 301, b, b"") for a, b in itertools.pairwise(places)]
    return [*moves, (0, places[-1], 200, "", NO)]


@pytest.mark.parametrize(
    ("hops", "said"), [(0, "no"), (1, "no"), (5, "no"), (6, "unestablished")]
)
def test_2_3_1_2_five_redirects_are_followed_and_bind_who_was_asked_first(site, hops, said):
    assert verdict(site(*chain(hops)), 1) == said


@pytest.mark.parametrize(
    "other", ["http://e.example", "https://www.e.example", f"{ORIGIN}:444"]
)
def test_2_3_a_file_binds_its_own_scheme_host_and_port_alone(site, other):
    index = site((0, f"{ORIGIN}/robots.txt", 200, "", NO))
    assert verdict(index, 1) == "no"
    assert verdict(index, 1, other) == "unestablished"


@pytest.mark.parametrize(
    ("asked", "said"), [(-2000, "no"), (-1, "no"), (23.9, "no"), (24.1, "unestablished")]
)
def test_2_4_an_answer_stands_for_a_crawl_before_it_no_longer_than_a_cache_may(
    site, asked, said
):
    index = site((asked, f"{ORIGIN}/robots.txt", 200, "", NO))
    assert verdict(index, 0) == said


def test_2_4_the_answer_that_was_current_at_the_crawl_counts(site):
    url = f"{ORIGIN}/robots.txt"
    index = site((0, url, 200, "", NO), (48, url, 404, "", b""))
    assert [verdict(index, hour) for hour in (0, 47, 49)] == ["no", "no", "yes"]


def test_2_5_half_a_mebibyte_is_read_and_what_is_longer_is_doubtful():
    rest = b"User-agent: *\nDisallow: /\n"
    filler = b"# a line\n" * ((500 * 1024 - len(rest)) // 9)
    whole = robots.parse(filler + rest)
    assert not whole.allows(b"MadangBot", b"/a")
    assert not whole.is_doubtful
    assert robots.parse(filler + b"#\n" * 16 * 1024 + rest).is_doubtful
