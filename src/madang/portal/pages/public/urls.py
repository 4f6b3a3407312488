"""Addresses that need no sign-in."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.public import calls, catalogue, front, plans

urlpatterns = [
    path("", front.front, name="front"),
    path("calls/", calls.calls, name="calls"),
    path("calls/<str:code>/", calls.call, name="call"),
    path("catalogue/", catalogue.catalogue_page, name="catalogue"),
    path("catalogue/<path:code>/", catalogue.offering_page, name="offering"),
    path("awards/", front.awards, name="awards"),
    path("plans/", plans.plans, name="plans"),
    path("plans/<slug:code>/", plans.plan, name="plan"),
]
