"""The record of events: who did what to which row, when, from which state to which."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse

from madang.parties.actor import Role
from madang.parties.events.queries import events_for
from madang.parties.people.queries import names_of
from madang.portal.desks import desk_page
from madang.portal.request import SignedInRequest, signed_in, takes

PER_PAGE = 50


@takes("GET")
@signed_in(Role.AUDITOR, Role.OPERATOR)
def events(request: SignedInRequest) -> HttpResponse:
    rows = events_for(request.actor)
    asked = {
        "subject_type": request.GET.get("subject_type"),
        "subject_id": request.GET.get("subject_id"),
    }
    rows = rows.filter(**{name: value for name, value in asked.items() if value})
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    facts = {"page": page, "names": names_of({event.actor for event in page})}
    return desk_page(request, "auditor", "auditor/events.html", facts)
