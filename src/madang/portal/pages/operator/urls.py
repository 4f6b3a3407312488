"""Addresses of the operator's desk."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.operator import settlement

STATEMENT = "statements/<str:supplier>/<str:month>/<int:number>/"

urlpatterns = [
    path("operator/settlement/", settlement.settlement, name="settlement"),
    path("operator/settlement/close/", settlement.close, name="close_statement"),
    path("operator/payouts/", settlement.payouts, name="payouts"),
    path(
        "operator/payouts/<uuid:payout_id>/approve/", settlement.approve, name="approve_payout"
    ),
    path("operator/payouts/<uuid:payout_id>/settle/", settlement.settle, name="settle_payout"),
    path("operator/payouts/<uuid:payout_id>/fail/", settlement.fail, name="fail_payout"),
    path("operator/payouts/<uuid:payout_id>/hold/", settlement.hold, name="hold_payout"),
    path(
        "operator/payouts/<uuid:payout_id>/release/", settlement.release, name="release_payout"
    ),
    path(STATEMENT + "payouts/", settlement.create, name="create_payouts"),
    path(STATEMENT + "settle-dispute/", settlement.end_dispute, name="settle_dispute"),
]
