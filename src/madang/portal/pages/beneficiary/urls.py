"""Addresses of the beneficiary's desk."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.beneficiary import vouchers

urlpatterns = [
    path("vouchers/", vouchers.vouchers, name="vouchers"),
    path("vouchers/<str:code>/", vouchers.voucher, name="voucher"),
    path("vouchers/<str:code>/calls/", vouchers.calls, name="voucher_calls"),
    path("vouchers/<str:code>/keys/", vouchers.make_key, name="create_key"),
    path("keys/<int:no>/revoke/", vouchers.end_key, name="revoke_key"),
]
