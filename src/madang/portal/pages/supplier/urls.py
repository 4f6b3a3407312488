"""Addresses of the supplier's desk, and of statements, which three desks read."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.supplier import market, settlement, standing

STATEMENT = "statements/<str:supplier>/<str:month>/<int:number>/"

urlpatterns = [
    path("supplier/", settlement.accrued, name="supplier"),
    path("supplier/standing/", standing.standing, name="standing"),
    path("supplier/standing/account/", standing.account, name="enter_supplier_account"),
    path("supplier/standing/leave/", standing.leave, name="leave_market"),
    path("supplier/statements/", settlement.statements, name="supplier_statements"),
    path("supplier/products/", market.offerings, name="supplier_offerings"),
    path("supplier/products/new/", market.declare, name="declare_offering"),
    path("supplier/products/<path:code>/prices/", market.price, name="add_price"),
    path("supplier/products/<path:code>/suspend/", market.suspend, name="suspend_offering"),
    path("supplier/products/<path:code>/", market.offering, name="supplier_offering"),
    path(STATEMENT, settlement.statement, name="statement"),
    path(STATEMENT + "pdf/", settlement.statement_pdf, name="statement_pdf"),
    path(STATEMENT + "xlsx/", settlement.statement_xlsx, name="statement_xlsx"),
    path(STATEMENT + "confirm/", settlement.confirm, name="confirm_statement"),
    path(STATEMENT + "dispute/", settlement.dispute, name="dispute_statement"),
]
