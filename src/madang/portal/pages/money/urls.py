"""Addresses of the money's pages, which several desks read."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.money import bank, cases, execution, invoices, years

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
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/<uuid:invoice_id>/issued/", invoices.issued, name="invoice_issued"),
]
