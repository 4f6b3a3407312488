"""The operator's look at GPU support: what does not agree, and which cards stand idle."""

from __future__ import annotations

from django.http import HttpResponse

from madang.compute.findings.models import Finding, IdleCase
from madang.compute.findings.queries import idle_cases_of
from madang.compute.grants.reports import reports_waiting
from madang.compute.grants.requests import WAITING, requests_of
from madang.compute.sites.figures import site_figures
from madang.compute.sites.queries import sites
from madang.parties.actor import Role
from madang.portal.desks import desk_page
from madang.portal.pages.compute.doubts import doubts_shown
from madang.portal.pages.compute.grants import desk_of
from madang.portal.pages.compute.steps import VerdictForm
from madang.portal.request import SignedInRequest, signed_in, takes

ROWS_MAX = 100


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def oversight(request: SignedInRequest) -> HttpResponse:
    idle = idle_cases_of(request.actor).filter(closed_at=None)
    facts = {
        "sites": [site_figures(site, request.at) for site in sites()],
        "findings": Finding.objects.filter(state="open").select_related("site")[:ROWS_MAX],
        "doubts": doubts_shown(request.actor, request.at),
        "idle": [(case, _form(request, case)) for case in idle[:ROWS_MAX]],
        "waiting": requests_of(request.actor).filter(state__in=WAITING).count(),
        "reports": reports_waiting(),
    }
    return desk_page(request, desk_of(request), "compute/oversight.html", facts)


def _form(request: SignedInRequest, case: IdleCase) -> VerdictForm | None:
    """For an objection that waits, to whoever may decide it; with ids of its own."""
    waits = case.state == "objected" and request.actor.has(Role.OPERATOR)
    return VerdictForm(auto_id=f"id_{case.id}_%s") if waits else None
