"""Who asks: once per request, from the session on pages and from the token on the API.

A page never takes a token and the API never takes a session, so that no form of another site
can write through the API.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponseBase

from madang.core.errors import NotSignedIn
from madang.parties.actor import Actor
from madang.parties.people.models import Person
from madang.parties.people.queries import actor_for
from madang.parties.people.tokens import asking_by_token
from madang.portal.clock import portal_clock

API_PREFIX = "/api/"
HUB_PREFIX = "/datasets/"
"""Below it clients of the data hub read files, with their token."""
ANONYMOUS_ID = "anonymous"
BEARER = "Bearer "
Asking = tuple[Person | None, Actor]


class ActorMiddleware:
    """Sets `request.at` (one instant for the whole request), `.person` and `.actor`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        at = portal_clock().now()
        is_api = request.path.startswith((API_PREFIX, HUB_PREFIX))
        person, actor = _by_token(request, at) if is_api else _by_session(request, at)
        request.at = at  # type: ignore[attr-defined]  # read through PageRequest
        request.person = person  # type: ignore[attr-defined]
        request.actor = actor  # type: ignore[attr-defined]
        return self._get_response(request)


def bearer_of(request: HttpRequest) -> str:
    """The token in the Authorization header, empty when there is none."""
    header = request.headers.get("authorization", "")
    return header.removeprefix(BEARER) if header.startswith(BEARER) else ""


def _by_token(request: HttpRequest, at: datetime) -> Asking:
    secret = bearer_of(request)
    if not secret:
        return None, Actor(ANONYMOUS_ID, origin="api")
    try:
        return _looked_up(secret, at)
    except NotSignedIn:
        return None, Actor(ANONYMOUS_ID, origin="api")


def _looked_up(secret: str, at: datetime) -> Asking:
    """The first statement of a call tells whether the connection still stands; it only reads,
    so that it is sent again on a fresh one. Django's own check would cost one more each."""
    if connection.in_atomic_block:
        return asking_by_token(secret, at=at, origin="api")
    connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    try:
        return asking_by_token(secret, at=at, origin="api")
    except (InterfaceError, OperationalError):
        connection.close()
        return asking_by_token(secret, at=at, origin="api")


def _by_session(request: HttpRequest, at: datetime) -> Asking:
    user = request.user
    if isinstance(user, Person) and user.is_active:
        return user, actor_for(user, at=at, origin="portal")
    return None, Actor(ANONYMOUS_ID, origin="portal")
