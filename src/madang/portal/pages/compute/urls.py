"""Addresses of GPU support."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.compute import doubts, grants, jobs, oversight, requests, sites, steps

JOB = "gpu-jobs/<uuid:gpu_job>/"
REPORT = "gpu-reports/<uuid:gpu_report_id>/"
REQUEST = "gpu-requests/<uuid:gpu_request_id>/"
IDLE = "gpu-idle/<uuid:idle_case_id>/"

urlpatterns = [
    path("gpu/", sites.sites_page, name="gpu_sites"),
    path("gpu/<slug:code>/", sites.site_page, name="gpu_site"),
    path("gpu-grants/", grants.grants, name="gpu_grants"),
    path("gpu-grants/<str:code>/", grants.grant, name="gpu_grant"),
    path("gpu-grants/<str:code>/jobs/", jobs.submit, name="submit_gpu_job"),
    path("gpu-grants/<str:code>/steps/<slug:step>/", steps.step, name="gpu_grant_step"),
    path(REPORT + "accept/", steps.accept, name="accept_gpu_report"),
    path(REPORT + "refuse/", steps.refuse, name="refuse_gpu_report"),
    path("gpu-requests/", requests.requests, name="gpu_requests"),
    path("gpu-requests/ask/", requests.ask, name="ask_gpu"),
    path(REQUEST + "accept/", requests.accept, name="accept_gpu_request"),
    path(REQUEST + "turn-down/", requests.turn_down, name="turn_down_gpu_request"),
    path(IDLE + "object/", steps.object_, name="object_to_idle"),
    path(IDLE + "answer/", steps.answer, name="answer_objection"),
    path(JOB, jobs.job, name="gpu_job"),
    path(JOB + "outputs/<path:name>", jobs.output, name="gpu_job_output"),
    path(JOB + "decide/", doubts.decide, name="decide_gpu_submission"),
    path(JOB + "cancel/", jobs.cancel, name="cancel_gpu_job"),
    path("operator/gpu/", oversight.oversight, name="gpu_oversight"),
]
