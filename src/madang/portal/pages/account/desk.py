"""My desk: what is due next, whatever roles one holds."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from madang.portal.due import due_for
from madang.portal.navigation import own_desks
from madang.portal.request import SignedInRequest, signed_in, takes


@takes("GET")
@signed_in()
def desk(request: SignedInRequest) -> HttpResponse:
    facts = {
        "due": due_for(request.actor, request.at),
        "desks": own_desks(request.path, request.actor),
    }
    return render(request, "desk/desk.html", facts)
