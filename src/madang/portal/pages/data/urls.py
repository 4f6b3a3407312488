"""Addresses of the training-data hub's pages. Clients read files below the same names."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.data import roadmap, sets

urlpatterns = [
    path("data/", roadmap.roadmap_page, name="data_roadmap"),
    path("data/fields/<slug:field>/", roadmap.field_page, name="data_field"),
    path("data/sets/<repo:code>/", sets.data_set_page, name="data_set"),
    path("data/sets/<repo:code>/apply/", sets.apply, name="apply_for_data"),
    path("datasets/<repo:code>", sets.to_page, name="data_set_short"),
]
