"""What every page of a desk has: its name, its side menu, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.parties.actor import Actor, Role
from madang.portal.navigation import side_menu
from madang.portal.request import PageRequest

NAMES: dict[str, str | Promise] = {
    "account": _("My account"),
    "beneficiary": _("Beneficiary"),
    "supplier": _("Supplier"),
    "builder": _("Data builder"),
    "reviewer": _("Reviewer"),
    "maker": _("Chip maker"),
    "operator": _("Operator"),
    "auditor": _("Auditor"),
}


def desk_page(
    request: PageRequest,
    desk: str,
    template: str,
    facts: Mapping[str, object],
    *,
    status: int = 200,
) -> HttpResponse:
    """One page of a desk, with the menu of whoever looks at it."""
    shown = _own(desk, request.actor)
    around = {
        "desk_name": NAMES[shown],
        "side": side_menu(shown, request.path, request.actor),
    }
    return render(request, template, {**around, **facts}, status=status)


def _own(desk: str, actor: Actor) -> str:
    """An auditor reads the agency's pages from the auditor's own desk."""
    is_guest = desk == "operator" and not actor.has(Role.OPERATOR)
    return "auditor" if is_guest and actor.has(Role.AUDITOR) else desk
