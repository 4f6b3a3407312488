"""The request as views see it, and who may enter a view."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase

from madang.core.errors import NotSignedIn
from madang.parties.actor import Actor, Role
from madang.parties.people.models import Person
from madang.portal.errors import MethodNotAllowed

Params = ParamSpec("Params")


class PageRequest(HttpRequest):
    """What ActorMiddleware has added."""

    actor: Actor
    at: datetime
    person: Person | None


class SignedInRequest(PageRequest):
    person: Person


View = Callable[Concatenate[PageRequest, Params], HttpResponseBase]
SignedInView = Callable[Concatenate[SignedInRequest, Params], HttpResponseBase]


def signed_in(*roles: Role) -> Callable[[SignedInView[Params]], View[Params]]:
    """Only for people who signed in and, where roles are named, hold one of them.

    The role is asked before anything is looked up: a refusal says nothing about what exists.
    """

    def wrap(view: SignedInView[Params]) -> View[Params]:
        @wraps(view)
        def entered(
            request: PageRequest, /, *args: Params.args, **kwargs: Params.kwargs
        ) -> HttpResponseBase:
            if request.person is None:
                raise NotSignedIn
            if roles:
                request.actor.need(*roles)
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # person is there

        return entered

    return wrap


def takes(*methods: str) -> Callable[[View[Params]], View[Params]]:
    """Other methods are refused. HEAD comes with GET."""
    allowed = {*methods, *({"HEAD"} if "GET" in methods else set())}

    def wrap(view: View[Params]) -> View[Params]:
        @wraps(view)
        def called(
            request: PageRequest, /, *args: Params.args, **kwargs: Params.kwargs
        ) -> HttpResponseBase:
            if request.method not in allowed:
                raise MethodNotAllowed
            return view(request, *args, **kwargs)

        return called

    return wrap
