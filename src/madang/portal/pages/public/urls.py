"""Addresses that need no sign-in."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.public import catalogue, front

urlpatterns = [
    path("", front.front, name="front"),
    path("calls/", front.front, name="calls"),
    path("catalogue/", catalogue.catalogue_page, name="catalogue"),
    path("catalogue/<path:code>/", catalogue.offering_page, name="offering"),
    path("awards/", front.front, name="awards"),
    path("desk/", front.front, name="desk"),
]
