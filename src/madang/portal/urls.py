"""Addresses of the portal. Each desk keeps its own list beside its views."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from django.views.i18n import set_language

from madang.datahub.hub import urls as hub
from madang.portal.narrowing import narrowed
from madang.portal.pages import health
from madang.portal.pages.account import urls as account
from madang.portal.pages.auditor import urls as auditor
from madang.portal.pages.beneficiary import urls as beneficiary
from madang.portal.pages.compute import urls as compute
from madang.portal.pages.data import urls as data
from madang.portal.pages.money import urls as money
from madang.portal.pages.operator import urls as operator
from madang.portal.pages.public import urls as public
from madang.portal.pages.reviewer import urls as reviewer
from madang.portal.pages.supplier import urls as supplier
from madang.portal.pages.testbed import urls as testbed
from madang.portal.rest import api

_addresses: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
    path("language/", set_language, name="set_language"),
    narrowed("api/v1/", *api.urls),
    *hub.urlpatterns,
    narrowed("account/", account.urlpatterns),
    *beneficiary.urlpatterns,
    *supplier.urlpatterns,
    *reviewer.urlpatterns,
    *operator.urlpatterns,
    *money.urlpatterns,
    *auditor.urlpatterns,
    *compute.urlpatterns,
    *data.urlpatterns,
    *testbed.urlpatterns,
    *public.urlpatterns,
]
urlpatterns = [narrowed("", _addresses)]

handler400 = "madang.portal.pages.failures.bad_request"
handler404 = "madang.portal.pages.failures.not_found"
handler500 = "madang.portal.pages.failures.unforeseen"
