"""A link leads somewhere: whoever is shown one may follow it.

Goal: no menu and no table sends anybody to a refusal. Method: each of the people of the access
matrix, one of each kind, walks from the desk over every link of every page they reach, one
object of a kind, and is never answered with 4xx or 5xx; an anchor names a place on its page.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve
from selectolax.lexbor import LexborHTMLParser
from tests.integration.portal import world as worlds
from tests.integration.portal.test_access_matrix import PEOPLE

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PER_ROUTE_MAX, PAGES_MAX = 1, 400
WALKERS = ("anon", "kim", "nu", "lee", "op", "au")
NOT_FOLLOWED = ("/account/sign-out/",)


@pytest.fixture
def town(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return worlds.build()


def browser(world, email: str | None) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    if email is not None:
        client.force_login(world.people[email], backend=BACKEND)
    return client


def links_of(page: LexborHTMLParser) -> list[str]:
    return [node.attributes["href"] or "" for node in page.css("a[href]")]


def route_of(address: str) -> str:
    """Pages of a kind share a route, and differ by what they are asked for."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return address
    return found.view_name + ("?" if urlsplit(address).query else "")


def faults_of(client: Client, start: str) -> tuple[list[str], int]:
    todo, seen, walked, faults = [(start, "")], set(), Counter(), []
    while todo and len(seen) < PAGES_MAX:
        address, source = todo.pop(0)
        route = route_of(address)
        if address in seen or walked[route] >= PER_ROUTE_MAX:
            continue
        seen.add(address)
        walked[route] += 1
        answer = client.get(address, follow=True)
        if answer.status_code >= 400:
            faults.append(f"{answer.status_code} {address} from {source}")
            continue
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page = LexborHTMLParser(answer.content.decode())
        anchors = {node.attributes["id"] for node in page.css("[id]")}
        for href in links_of(page):
            if href.startswith("#"):
                if unquote(href[1:]) not in anchors:
                    faults.append(f"no place {href} on {address}")
                continue
            target = urlsplit(urljoin(address, href))
            if target.netloc == target.scheme == "" and target.path not in NOT_FOLLOWED:
                todo.append((target._replace(fragment="").geturl(), address))
    return faults, len(seen)


def test_nobody_is_shown_a_link_that_refuses_them(town) -> None:
    faults = {}
    for who in WALKERS:
        email = PEOPLE[who]
        found, walked = faults_of(browser(town, email), "/account/desk/" if email else "/")
        assert walked > 20, (who, walked)
        faults[who] = found
    assert faults == {who: [] for who in WALKERS}
