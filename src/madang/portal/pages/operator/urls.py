"""Addresses of the operator's desk."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.operator import awards, calls, exceptions, flags, selection, settlement

STATEMENT = "statements/<str:supplier>/<str:month>/<int:number>/"

CALL = "operator/calls/<str:code>/"
AWARD = "operator/awards/<uuid:award_id>/"
APPLICATION = "operator/applications/<uuid:application_id>/"
PAYOUT = "operator/payouts/<uuid:payout_id>/"
RECEIPT = "operator/receipts/<uuid:receipt_id>/"

urlpatterns = [
    path("operator/calls/", calls.calls, name="operator_calls"),
    path("operator/calls/new/", calls.new_call, name="new_call"),
    path(CALL, calls.manage_call, name="manage_call"),
    path(CALL + "approve/", calls.approve, name="approve_call"),
    path(CALL + "extend/", calls.extend, name="extend_call"),
    path(CALL + "cancel/", calls.cancel, name="cancel_call"),
    path(CALL + "revise/", calls.revise, name="revise_call"),
    path(CALL + "archive/", calls.archive, name="archive_call"),
    path(CALL + "review/", calls.review, name="start_review"),
    path(CALL + "panel/", selection.panel, name="panel"),
    path(CALL + "ranking/", selection.ranking, name="ranking"),
    path(CALL + "ranking/compute/", selection.compute, name="compute_ranking"),
    path(CALL + "ranking/<uuid:run_id>/confirm/", selection.confirm, name="confirm_ranking"),
    path(CALL + "promote/", awards.promote, name="promote_reserve"),
    path(APPLICATION + "eligibility/", selection.eligibility, name="check_eligibility"),
    path(APPLICATION + "return/", selection.give_back, name="return_for_completion"),
    path(APPLICATION + "assign/", selection.assign, name="assign_reviewer"),
    path("operator/awards/", awards.awards, name="operator_awards"),
    path(AWARD, awards.award, name="award"),
    path(AWARD + "deposits/", awards.deposit, name="record_deposit"),
    path(AWARD + "voucher/", awards.issue, name="issue_voucher"),
    path(AWARD + "lapse/", awards.lapse, name="lapse_award"),
    path("operator/exceptions/", exceptions.exceptions, name="exceptions"),
    path(RECEIPT + "match/", exceptions.match, name="match_receipt"),
    path(RECEIPT + "return/", exceptions.give_back, name="return_receipt"),
    path("operator/products/<path:code>/list/", exceptions.put_on_sale, name="list_offering"),
    path(
        "operator/vouchers/<str:code>/<slug:step>/",
        exceptions.voucher_step,
        name="voucher_step",
    ),
    path("operator/flags/", flags.flags, name="flags"),
    path("operator/flags/find/", flags.find, name="find_flags"),
    path("operator/flags/<uuid:flag_id>/", flags.flag, name="flag"),
    path("operator/flags/<uuid:flag_id>/<slug:step>/", flags.decide, name="decide_flag"),
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
