"""Out of a secure room nothing is written: else every form would be a way to carry data out.

What reads by POST, signing in, and the request to let results out are all that a room's
networks may send. What other hosts of the room's network can be reached is its firewall's.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from madang.datahub.access.rooms import is_in_room
from madang.datahub.errors import RoomTakesNothing
from madang.parties.remote import remote_address
from madang.portal.pages.failures import failure_page
from madang.portal.problems import problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
READING = frozenset({"hub_paths_info", "hub_bundle", "hub_ckan", "hub_ckan_short"})
ENTERING = frozenset(
    {"account_login", "account_logout", "mfa_authenticate", "account_reauthenticate",
     "mfa_reauthenticate", "set_language"}
)  # fmt: skip
LETTING_OUT = frozenset({"data_results", "withdraw_results"})
ALLOWED = READING | ENTERING | LETTING_OUT
API_LETTING_OUT = re.compile(
    r"/api/v1/datahub/(sets/[^/]+/[^/]+/results|results/[^/]+/decide)", re.ASCII
)


class SecureRoomMiddleware:
    """Asks only what writes, so reading costs nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        if request.method in SAFE or _is_let_through(request):
            return None
        at = request.at  # type: ignore[attr-defined]  # set by ActorMiddleware
        rooms: list[str] | None = getattr(request, "secure_rooms", None)
        if not is_in_room(remote_address(request), at, rooms=rooms):
            return None
        error = RoomTakesNothing()
        is_api = request.path.startswith(("/api/", "/datasets/", "/hub/"))
        return problem(request, error) if is_api else failure_page(request, error)


def _is_let_through(request: HttpRequest) -> bool:
    match = request.resolver_match
    name = match.url_name if match is not None else None
    return name in ALLOWED or API_LETTING_OUT.fullmatch(request.path) is not None
