"""Addresses of the money's pages, which several desks read."""

from __future__ import annotations

from django.urls import path

from madang.portal import uploads
from madang.portal.pages.money import (
    backflow,
    bank,
    cases,
    charges,
    execution,
    invoices,
    losses,
    petitions,
    sanctions,
    years,
)

EXECUTION = "awards/<uuid:award_id>/execution/"
CASE = "cases/<uuid:case_id>/"
YEAR = "operator/years/<str:programme>/<int:year>/"

urlpatterns = [
    path(EXECUTION, execution.execution, name="execution"),
    path(EXECUTION + "<slug:step>/", execution.take_step, name="execution_step"),
    path("cases/", cases.cases, name="cases"),
    path(CASE, cases.case, name="case"),
    path("awards/<uuid:award_id>/case/", cases.open_case, name="open_case"),
    path(CASE + "<slug:step>/", cases.take_step, name="case_step"),
    path("operator/years/", years.years, name="years"),
    path(YEAR, years.year, name="year"),
    path(YEAR + "bank/", bank.take_in, name="bank_import"),
    path(YEAR + "<slug:step>/", years.take_step, name="year_step"),
    path("charges/<int:no>/", charges.charge, name="charge"),
    path("charges/<int:no>/refund/", charges.refund, name="refund_charge"),
    path("charges/<int:no>/object/", petitions.object_to_charge, name="object_to_charge"),
    path("vouchers/<str:code>/money/", backflow.voucher_money, name="voucher_money"),
    path("vouchers/<str:code>/ask/", petitions.ask, name="ask_agency"),
    path("vouchers/<str:code>/return/", backflow.make_return, name="create_deposit_return"),
    path(
        "operator/returns/<uuid:return_id>/<slug:step>/",
        backflow.return_step,
        name="deposit_return_step",
    ),
    path("operator/refunds/<uuid:refund_id>/", backflow.collect, name="collect_refund"),
    path(
        "operator/refunds/<uuid:refund_id>/<slug:step>/", losses.take_step, name="refund_step"
    ),
    path("requests/", petitions.petitions, name="petitions"),
    path("requests/<uuid:petition_id>/", petitions.petition, name="petition"),
    path("requests/<uuid:petition_id>/<slug:step>/", petitions.take_step, name="petition_step"),
    path("sanctions/", sanctions.sanctions, name="sanctions"),
    path("sanctions/<uuid:sanction_id>/lift/", sanctions.lift, name="lift_sanction"),
    path("documents/<uuid:document_id>/", uploads.document, name="document"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/<uuid:invoice_id>/issued/", invoices.issued, name="invoice_issued"),
]
