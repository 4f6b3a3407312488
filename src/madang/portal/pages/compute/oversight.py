"""The operator's look at GPU support: what does not agree, and which cards stand idle."""

from __future__ import annotations

from django.http import HttpResponse

from madang.compute.findings.models import Finding
from madang.compute.findings.queries import idle_cases_of
from madang.compute.grants.models import ProgressReport
from madang.compute.grants.requests import WAITING, requests_of
from madang.compute.sites.figures import site_figures
from madang.compute.sites.queries import sites
from madang.parties.actor import Role
from madang.portal.desks import desk_page
from madang.portal.pages.compute.grants import desk_of
from madang.portal.pages.compute.steps import VerdictForm
from madang.portal.request import SignedInRequest, signed_in, takes

ROWS_MAX = 100


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def oversight(request: SignedInRequest) -> HttpResponse:
    facts = {
        "sites": [site_figures(site, request.at) for site in sites()],
        "findings": Finding.objects.filter(state="open").select_related("site")[:ROWS_MAX],
        "idle": idle_cases_of(request.actor).filter(closed_at=None)[:ROWS_MAX],
        "waiting": requests_of(request.actor).filter(state__in=WAITING).count(),
        "reports": ProgressReport.objects.filter(state="submitted").select_related("grant"),
        "verdict_form": VerdictForm() if request.actor.has(Role.OPERATOR) else None,
    }
    return desk_page(request, desk_of(request), "compute/oversight.html", facts)
