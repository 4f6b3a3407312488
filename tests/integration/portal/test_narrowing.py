"""Where an address leads is what Django alone would say: every address of the portal, and
addresses that lead nowhere."""

from __future__ import annotations

import re

import pytest
from django.urls import Resolver404, URLPattern, URLResolver, include, path
from django.urls.resolvers import RegexPattern
from tests.integration.portal.routes import page_routes

from madang.portal.narrowing import NarrowResolver, fixed_words, narrowed
from madang.portal.urls import urlpatterns

SAMPLES = ["a/b", "word", "7", "0190f0c4-0000-7000-8000-000000000001"]
STRAY = ["", "/", "x", "api", "api/", "api/v1", "api/v1/", "api/v1//me", "api/v1/me/", "calls",
         "calls//", "calls/x/y/z/", "account", "account/x", "datasets/a", "operator/x/y/",
         "compute/jobs", "api/v1/compute/jobs/x/y", "api/v1/compute", "한/글/"]  # fmt: skip


def plain(patterns) -> list[URLPattern | URLResolver]:
    """The same patterns without the narrowing."""
    return [
        URLResolver(one.pattern, plain(one.url_patterns), one.default_kwargs, one.app_name,
                    one.namespace)
        if isinstance(one, NarrowResolver) else one
        for one in patterns
    ]  # fmt: skip


def filled(patterns, before: str = "") -> list[str]:
    """An address for each pattern."""
    found: list[str] = []
    for one in patterns:
        route = str(one.pattern)
        for name, converter in one.pattern.converters.items():
            sample = next(word for word in SAMPLES if re.fullmatch(converter.regex, word))
            route = re.sub(rf"<(\w+:)?{name}>", sample, route)
        if isinstance(one, URLResolver):
            found += filled(one.url_patterns, before + route)
        else:
            found.append(before + route)
    return found


def told(resolver: URLResolver, address: str) -> tuple | None:
    try:
        found = resolver.resolve("/" + address)
    except Resolver404:
        return None
    return (
        found.func, found.args, found.kwargs, found.view_name, found.route,
        found.captured_kwargs, found.extra_kwargs, found.app_names, found.namespaces,
    )  # fmt: skip


def test_every_address_leads_where_django_alone_would_lead_it():
    narrow = URLResolver(RegexPattern(r"^/"), urlpatterns)
    wide = URLResolver(RegexPattern(r"^/"), plain(urlpatterns))
    addresses = filled(urlpatterns)
    assert len(addresses) > len(list(page_routes()))
    more = [one.rstrip("/") if one.endswith("/") else one + "/" for one in addresses]
    below = [one.rstrip("/") + "/x/" for one in addresses]
    for address in [*addresses, *more, *below, *STRAY]:
        assert told(narrow, address) == told(wide, address), address
    assert [one for one in addresses if told(narrow, one) is None] == []


def view(request): ...


CASES = [
    (path("", view), ("",)),
    (path("a", view), ("a",)),
    (path("a/", view), ("a", "")),
    (path("a/b/c/", view), ("a", "b")),
    (path("a/b<int:n>/", view), ("a",)),
    (path("<str:a>/b/", view), ()),
    (path("a/b/<path:rest>", view), ("a", "b")),
    (path("a", include([])), ()),
    (path("a/", include([])), ("a",)),
    (URLPattern(RegexPattern("^a/b/$"), view), ()),
]


@pytest.mark.parametrize(("pattern", "words"), CASES)
def test_the_words_that_every_address_of_a_pattern_begins_with(pattern, words):
    assert fixed_words(pattern) == words


def test_the_first_of_two_patterns_leads_as_it_stands():
    one = narrowed("", [path("<str:word>/", view, name="any"), path("a/", view, name="a")])
    other = narrowed("", [path("a/", view, name="a"), path("<str:word>/", view, name="any")])
    assert [each.resolve("a/").view_name for each in (one, other)] == ["any", "a"]
    assert other.resolve("b/").view_name == "any"
