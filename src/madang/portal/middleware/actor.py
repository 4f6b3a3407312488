"""Who asks: once per request, from the session on pages and from the token on the API.

A page never takes a token and the API never takes a session, so that no form of another site
can write through the API.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase

from madang.core.errors import NotSignedIn
from madang.parties.actor import Actor
from madang.parties.people.models import Person
from madang.parties.people.queries import actor_for
from madang.parties.people.tokens import person_by_token
from madang.portal.clock import portal_clock

API_PREFIX = "/api/"
HUB_PREFIX = "/datasets/"
"""Below it clients of the data hub read files, with their token."""
ANONYMOUS_ID = "anonymous"
BEARER = "Bearer "


class ActorMiddleware:
    """Sets `request.at` (one instant for the whole request), `.person` and `.actor`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        at = portal_clock().now()
        is_api = request.path.startswith((API_PREFIX, HUB_PREFIX))
        person = _by_token(request) if is_api else _by_session(request)
        request.at = at  # type: ignore[attr-defined]  # read through PageRequest
        request.person = person  # type: ignore[attr-defined]
        request.actor = _actor(person, at, "api" if is_api else "portal")  # type: ignore[attr-defined]
        return self._get_response(request)


def bearer_of(request: HttpRequest) -> str:
    """The token in the Authorization header, empty when there is none."""
    header = request.headers.get("authorization", "")
    return header.removeprefix(BEARER) if header.startswith(BEARER) else ""


def _by_token(request: HttpRequest) -> Person | None:
    secret = bearer_of(request)
    if not secret:
        return None
    try:
        return person_by_token(secret)
    except NotSignedIn:
        return None


def _by_session(request: HttpRequest) -> Person | None:
    user = request.user
    return user if isinstance(user, Person) and user.is_active else None


def _actor(person: Person | None, at: datetime, origin: str) -> Actor:
    if person is None:
        return Actor(ANONYMOUS_ID, origin=origin)
    return actor_for(person, at=at, origin=origin)
