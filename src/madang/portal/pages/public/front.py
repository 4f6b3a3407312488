"""The front page: what this is, what is open, and where the money went."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from madang.portal.request import PageRequest, takes


@takes("GET")
def front(request: PageRequest) -> HttpResponse:
    return render(request, "public/front.html", {})
