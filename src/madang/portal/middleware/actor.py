"""Who asks: once per request, from the session on pages and from the token on the API.

A page never takes a token and the API never takes a session, so that no form of another site
can write through the API.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from madang.core.gathering import Gathering
from madang.datahub.access.rooms import ask_rooms
from madang.parties.actor import Actor
from madang.parties.people.models import Person
from madang.parties.people.queries import actor_for
from madang.parties.people.tokens import ask_by_tokens
from madang.parties.rows import pipelined, read_first
from madang.portal.clock import portal_clock

API_PREFIX = "/api/"
HUB_PREFIX = "/datasets/"
"""Below it clients of the data hub read files, with their token."""
ANONYMOUS_ID = "anonymous"
BEARER = "Bearer "
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Asking = tuple[Person | None, Actor]
_NOBODY: Asking = None, Actor(ANONYMOUS_ID, origin="api")


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
        return _NOBODY
    shown = _Shown(secret, at, request.method not in SAFE)
    if connection.in_atomic_block:  # nobody else could see what this caller sees
        (found,) = _looked_up([shown])
    else:
        found = _gathering.ask(shown, _looked_up)
    request.secure_rooms = found.rooms  # type: ignore[attr-defined]  # read by the middleware
    return found.asking or _NOBODY


@dataclass(frozen=True, slots=True)
class _Shown:
    """A token that somebody shows now."""

    secret: str
    at: datetime
    is_write: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """Whose a token is, and where nothing may be written; None: not read."""

    asking: Asking | None
    rooms: list[str] | None


_gathering: Gathering[_Shown, _Found] = Gathering()
"""Calls that come together ask together. What they ask is read after the last of them came."""


def _looked_up(shown: Sequence[_Shown]) -> Sequence[_Found]:
    return read_first(lambda: _read(shown))


def _read(shown: Sequence[_Shown]) -> list[_Found]:
    """Rooms hold at the latest of these instants: they lie milliseconds apart."""
    with pipelined():
        people = ask_by_tokens([(one.secret, one.at) for one in shown], origin="api")
        is_write = any(one.is_write for one in shown)
        rooms = ask_rooms(max(one.at for one in shown)) if is_write else None
    known = rooms() if rooms is not None else None
    return [_Found(asking, known) for asking in people()]


def _by_session(request: HttpRequest, at: datetime) -> Asking:
    user = request.user
    if isinstance(user, Person) and user.is_active:
        return user, actor_for(user, at=at, origin="portal")
    return None, Actor(ANONYMOUS_ID, origin="portal")
