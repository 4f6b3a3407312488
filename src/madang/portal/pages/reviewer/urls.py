"""Addresses of the reviewer's desk."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.reviewer import views

ONE = "reviewer/<uuid:assignment_id>/"

urlpatterns = [
    path("reviewer/", views.assignments, name="reviewer"),
    path(ONE, views.assignment, name="assignment"),
    path(ONE + "pledge/", views.pledge, name="declare_interest"),
    path(ONE + "conflict/", views.conflict, name="declare_conflict"),
    path(ONE + "decline/", views.decline, name="decline_assignment"),
    path(ONE + "save/", views.save, name="save_review"),
    path(ONE + "submit/", views.submit, name="submit_review"),
]
