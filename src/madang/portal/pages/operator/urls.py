"""Addresses of the operator's desk."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.beneficiary import rights
from madang.portal.pages.operator import (
    applicants,
    awards,
    building,
    calls,
    corrections,
    drafts,
    exceptions,
    fairness,
    flags,
    holds,
    market,
    open_ends,
    people,
    pool,
    selection,
    settlement,
)

STATEMENT = "statements/<str:supplier>/<str:month>/<int:number>/"

CALL = "operator/calls/<str:code>/"
AWARD = "operator/awards/<uuid:award_id>/"
APPLICATION = "operator/applications/<uuid:application_id>/"
PAYOUT = "operator/payouts/<uuid:payout_id>/"
ASSIGNMENT = "operator/assignments/<uuid:assignment_id>/"
APPEAL = "appeals/<uuid:appeal_id>/"
REVIEWER = "operator/reviewers/<uuid:reviewer_id>/"
FORM = "operator/forms/<slug:code>/"
SUPPLIER = "operator/suppliers/<str:code>/"
DISPUTE_END = "operator/dispute-ends/<uuid:end_id>/"
CORRECTION = "operator/corrections/<uuid:correction_id>/"
RECEIPT = "operator/receipts/<uuid:receipt_id>/"

PERSON = "operator/people/<uuid:person_id>/"

urlpatterns = [
    path("operator/people/", people.people, name="people"),
    path("operator/people/new/", people.enter, name="enter_person"),
    path(f"{PERSON}invite/", people.invite, name="invite_person"),
    path(f"{PERSON}bar/", people.bar, name="bar_person"),
    path(f"{PERSON}readmit/", people.readmit, name="readmit_person"),
    path("operator/joins/<uuid:join_id>/accept/", people.accept, name="accept_join"),
    path("operator/joins/<uuid:join_id>/decline/", people.decline, name="decline_join"),
    path("operator/organisations/new/", people.enter_organisation, name="enter_organisation"),
    path("operator/calls/", calls.calls, name="operator_calls"),
    path("operator/calls/new/", calls.new_call, name="new_call"),
    path(CALL, calls.manage_call, name="manage_call"),
    path(CALL + "applications.csv", applicants.applications_csv, name="applications_csv"),
    path(CALL + "change/", drafts.change, name="rewrite_call"),
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
    path(CALL + "panel/fill/", fairness.fill, name="fill_seats"),
    path(CALL + "panel/distribute/", fairness.distribute, name="distribute_reviews"),
    path(CALL + "reopen/", fairness.reopen, name="reopen_review"),
    path(CALL + "contingency/", fairness.contingency, name="fund_from_contingency"),
    path("operator/series/<str:code>/approve/", calls.approve_all, name="approve_series"),
    path(ASSIGNMENT + "replace/", fairness.replace, name="replace_reviewer"),
    path(ASSIGNMENT + "void/", fairness.void, name="void_review"),
    path(
        "operator/challenges/<uuid:challenge_id>/decide/",
        fairness.challenge,
        name="decide_challenge",
    ),
    path("appeals/", fairness.all_appeals, name="appeals"),
    path(APPEAL, fairness.appeal, name="appeal"),
    path(APPEAL + "judge/", fairness.judge, name="judge_appeal"),
    path(APPEAL + "hear/", fairness.hear, name="hear_appeal"),
    path(APPEAL + "assign/", fairness.assign, name="assign_appeal_reviewer"),
    path(APPEAL + "decide/", fairness.decide, name="decide_appeal"),
    path(APPEAL + "close/", fairness.close, name="close_appeal"),
    path("operator/reviewers/", pool.reviewers, name="reviewers"),
    path("operator/reviewers/enrol/", pool.enrol, name="enrol_reviewer"),
    path(REVIEWER + "suspend/", pool.suspend, name="suspend_reviewer"),
    path(REVIEWER + "reinstate/", pool.reinstate, name="reinstate_reviewer"),
    path("operator/relationships/", pool.relationships, name="relationships"),
    path("operator/relationships/declare/", pool.declare, name="declare_relationship"),
    path("operator/relationships/<int:no>/end/", pool.end, name="end_relationship"),
    path("operator/forms/", building.all_forms, name="forms"),
    path(FORM, building.form, name="form"),
    path(FORM + "save/", building.save_question, name="save_question"),
    path(FORM + "<slug:question>/<slug:step>/", building.move_question, name="move_question"),
    path("operator/calendar/", building.calendar, name="calendar"),
    path("operator/calendar/<int:year>/fill/", building.fill_holidays, name="fill_holidays"),
    path("operator/calendar/set/", building.put_holiday, name="set_holiday"),
    path("operator/calendar/<str:day>/out/", building.drop_holiday, name="take_out_holiday"),
    path(APPLICATION + "findings/", rights.find, name="find_again"),
    path(
        "operator/notices/<uuid:notice_id>/hand-over/",
        exceptions.hand_over_notice,
        name="hand_over_notice",
    ),
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
    path("operator/flags/<uuid:flag_id>/case/", flags.open_case, name="open_case_on_flag"),
    path("operator/flags/<uuid:flag_id>/<slug:step>/", flags.decide, name="decide_flag"),
    path("operator/holds/", holds.holds, name="payout_holds"),
    path("operator/holds/place/", holds.place, name="place_payout_hold"),
    path("operator/holds/<uuid:payout_hold_id>/lift/", holds.lift, name="lift_payout_hold"),
    path("operator/suppliers/", market.all_suppliers, name="suppliers"),
    path(SUPPLIER + "exit/", market.withdraw, name="withdraw_supplier"),
    path(SUPPLIER + "readmit/", market.readmit, name="readmit_supplier"),
    path(
        "operator/accounts/<uuid:account_id>/verify/",
        market.verify,
        name="verify_supplier_account",
    ),
    path("operator/disputes/", open_ends.open_ends, name="open_ends"),
    path(
        "operator/disputes/<str:supplier>/<str:code>/end/",
        open_ends.propose,
        name="propose_dispute_end",
    ),
    path(DISPUTE_END + "close/", open_ends.close, name="close_dispute"),
    path(DISPUTE_END + "refuse/", open_ends.refuse, name="refuse_dispute_end"),
    path("operator/calls-open/<uuid:call>/", open_ends.settle, name="settle_unsettled_call"),
    path("operator/corrections/", corrections.corrections, name="corrections"),
    path(
        "operator/journals/<uuid:journal_id>/correct/",
        corrections.propose,
        name="propose_correction",
    ),
    path(CORRECTION + "book/", corrections.book, name="book_correction"),
    path(CORRECTION + "refuse/", corrections.refuse, name="refuse_correction"),
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
    path(
        "operator/payouts/<uuid:payout_id>/withdraw/",
        settlement.withdraw,
        name="withdraw_payout",
    ),
    path("operator/payouts/<uuid:payout_id>/bounce/", settlement.bounce, name="bounce_payout"),
    path(STATEMENT + "payouts/", settlement.create, name="create_payouts"),
    path(STATEMENT + "settle-dispute/", settlement.end_dispute, name="settle_dispute"),
]
