"""Addresses of the beneficiary's desk."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.beneficiary import (
    agreements,
    applications,
    milestones,
    rights,
    teams,
    vouchers,
)

APPLICATION = "applications/<uuid:application_id>/"

MILESTONES = "awards/<uuid:award_id>/milestones/"
MILESTONE = "milestones/<uuid:milestone_id>/"
AGREEMENT = "agreements/<uuid:agreement_id>/"

urlpatterns = [
    path("agreements/", agreements.agreements, name="agreements"),
    path(AGREEMENT, agreements.agreement, name="agreement"),
    path(AGREEMENT + "sign/", agreements.sign, name="sign_agreement"),
    path("awards/<uuid:award_id>/decline/", agreements.decline, name="decline_award"),
    path(MILESTONES, milestones.milestones, name="milestones"),
    path(MILESTONES + "plan/", milestones.plan, name="plan_milestones"),
    path(MILESTONES + "agree/", milestones.agree, name="agree_milestones"),
    path(MILESTONES + "release/", milestones.release, name="release_milestones"),
    path("awards/<uuid:award_id>/claims/", milestones.claim, name="claim_reimbursement"),
    path(MILESTONE + "refuse/", milestones.refuse, name="refuse_claim"),
    path(MILESTONE + "submit/", milestones.submit, name="submit_milestone"),
    path(MILESTONE + "return/", milestones.send_back, name="return_milestone"),
    path(MILESTONE + "accept/", milestones.accept, name="accept_milestone"),
    path(MILESTONE + "payout/", milestones.pay, name="pay_milestone"),
    path("applications/", applications.applications, name="applications"),
    path("calls/<str:code>/apply/", applications.start, name="start_application"),
    path(APPLICATION, applications.application, name="application"),
    path(APPLICATION + "save/", applications.save, name="save_application"),
    path(APPLICATION + "submit/", applications.submit, name="submit_application"),
    path(APPLICATION + "withdraw/", applications.withdraw, name="withdraw_application"),
    path(
        APPLICATION + "files/<slug:slot>/attach/", applications.attach, name="attach_document"
    ),
    path(
        APPLICATION + "files/<uuid:attachment_id>/", applications.attachment, name="attachment"
    ),
    path(
        APPLICATION + "files/<uuid:attachment_id>/detach/",
        applications.detach,
        name="detach_document",
    ),
    path(APPLICATION + "appeal/", rights.appeal, name="file_appeal"),
    path(APPLICATION + "challenge/", rights.challenge, name="file_challenge"),
    path(APPLICATION + "match/", rights.ask, name="ask_consent"),
    path(APPLICATION + "carry/", rights.carry, name="carry_application"),
    path(APPLICATION + "drafts/<int:number>/", rights.restore, name="restore_draft"),
    path("matches/", rights.matches, name="matches"),
    path("matches/<uuid:match_id>/answer/", rights.answer, name="answer_consent"),
    path("matches/<uuid:match_id>/withdraw/", rights.take_back, name="withdraw_consent"),
    path("organisations/<slug:code>/facts/", rights.facts, name="facts"),
    path("organisations/<slug:code>/facts/new/", rights.declare_fact, name="record_fact"),
    path("vouchers/", vouchers.vouchers, name="vouchers"),
    path("vouchers/<str:code>/", vouchers.voucher, name="voucher"),
    path("vouchers/<str:code>/calls/", vouchers.calls, name="voucher_calls"),
    path("vouchers/<str:code>/keys/", vouchers.make_key, name="create_key"),
    path("vouchers/<str:code>/teams/", teams.teams, name="teams"),
    path("vouchers/<str:code>/teams/set/", teams.put, name="set_team"),
    path("keys/<int:no>/team/", teams.give, name="give_key_to_team"),
    path("keys/<int:no>/revoke/", vouchers.end_key, name="revoke_key"),
]
