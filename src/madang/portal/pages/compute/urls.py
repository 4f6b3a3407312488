"""Addresses of GPU support."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.compute import grants, jobs, oversight, sites

JOB = "gpu-jobs/<uuid:gpu_job>/"

urlpatterns = [
    path("gpu/", sites.sites_page, name="gpu_sites"),
    path("gpu/<slug:code>/", sites.site_page, name="gpu_site"),
    path("gpu-grants/", grants.grants, name="gpu_grants"),
    path("gpu-grants/<str:code>/", grants.grant, name="gpu_grant"),
    path("gpu-grants/<str:code>/jobs/", jobs.submit, name="submit_gpu_job"),
    path(JOB, jobs.job, name="gpu_job"),
    path(JOB + "cancel/", jobs.cancel, name="cancel_gpu_job"),
    path("operator/gpu/", oversight.oversight, name="gpu_oversight"),
]
