"""Addresses of the test-bed."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.testbed import board

urlpatterns = [
    path("testbed/", board.board_page, name="testbed_board"),
    path("testbed/<str:sha256>/report.json", board.envelope, name="testbed_report"),
]
