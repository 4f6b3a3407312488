"""What every page of a desk has: its name, its side menu, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
    """One page of a desk."""
    around = {
        "desk_name": NAMES[desk],
        "side": side_menu(desk, request.path, request.actor),
    }
    return render(request, template, {**around, **facts}, status=status)
