"""Addresses found by their first words: Django tries one after another, and there are hundreds.

Which address leads where is Django's own decision, pattern by pattern and in the same order;
only those whose fixed words differ from what was asked for are left out before.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.urls import ResolverMatch, URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

WORDS = 2
"""So many words of an address choose among patterns."""
Pattern = URLPattern | URLResolver
Head = tuple[str, ...]


def narrowed(
    route: str, urls: Sequence[Pattern], app_name: str = "", namespace: str = ""
) -> URLResolver:
    """As `path(route, include(urls))`."""
    return NarrowResolver(
        RoutePattern(route, is_endpoint=False), list(urls),
        app_name=app_name or None, namespace=namespace or None,
    )  # fmt: skip


class NarrowResolver(URLResolver):
    """A resolver that tries only what can match."""

    def resolve(self, path: str) -> ResolverMatch:
        matched = self.pattern.match(str(path))
        words = tuple(matched[0].split("/", WORDS)[:WORDS]) if matched else ()
        return self._among(words).resolve(path)

    def _among(self, words: Head) -> URLResolver:
        heads = self._by_head
        return heads.get(words) or heads.get(words[:1]) or heads[()]

    @cached_property
    def _by_head(self) -> dict[Head, URLResolver]:
        """For each beginning that patterns name, those that an address with it may match."""
        fixed = [(fixed_words(one), one) for one in self.url_patterns]
        heads = {(), *(words[:n] for words, _ in fixed for n in range(WORDS + 1))}
        return {
            head: URLResolver(
                self.pattern,
                [one for words, one in fixed if _may_match(head, words)],
                self.default_kwargs, self.app_name, self.namespace,
            )
            for head in heads
        }  # fmt: skip


def _may_match(head: Head, words: Head) -> bool:
    """A shorter head stands for addresses whose further words no pattern names."""
    return words == head[: len(words)]


def fixed_words(pattern: Pattern) -> Head:
    """The whole words with which every address that the pattern matches begins, two at most."""
    if not isinstance(pattern.pattern, RoutePattern):
        return ()
    literal, mark, _ = str(pattern.pattern).partition("<")
    words = literal.split("/")
    is_whole = isinstance(pattern, URLPattern) and not mark
    return tuple((words if is_whole else words[:-1])[:WORDS])
