"""What every page needs to know."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from madang.parties.actor import Actor
from madang.portal.navigation import main_menu, unread_notices


def page(request: HttpRequest) -> dict[str, object]:
    """The banner, the menus, and who is looking."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:  # a failure before anybody was recognised
        return {"test_mode": settings.TEST_MODE, "menu": [], "languages": settings.LANGUAGES}
    return {
        "languages": settings.LANGUAGES,
        "test_mode": settings.TEST_MODE,
        "now": getattr(request, "at", None),
        "actor": actor,
        "person": getattr(request, "person", None),
        "menu": main_menu(request.path, actor),
        "unread": unread_notices(request),
    }
