"""Addresses that need no sign-in."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.public import front

urlpatterns = [
    path("", front.front, name="front"),
    path("calls/", front.front, name="calls"),
    path("catalogue/", front.front, name="catalogue"),
    path("awards/", front.front, name="awards"),
    path("desk/", front.front, name="desk"),
]
