"""Every address of the portal, and how each is asked in the access matrix.

`ARGS` fills the parameters of an address with rows of the world; `BODIES` are what a form or
an API call sends, so that whoever is let in really reaches the action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.urls import URLPattern, URLResolver, get_resolver

from madang.metering.models import TaxInvoice
from madang.parties.models import Document
from madang.portal.rest import api
from madang.programme.models import Report

UNKNOWN = "00000000-0000-7000-8000-000000000000"
SHA = "0" * 64
FUTURE = "2026-03-30T10:00"
API_FUTURE = "2026-03-30T10:00:00+09:00"

POST_ONLY = {
    "set_language", "create_token", "revoke_token", "read_notice", "start_application",
    "save_application", "submit_application", "withdraw_application", "attach_document",
    "detach_document", "sign_agreement", "decline_award", "create_key", "revoke_key",
    "declare_offering", "add_price", "suspend_offering", "confirm_statement",
    "dispute_statement", "declare_interest", "declare_conflict", "decline_assignment",
    "save_review", "submit_review", "approve_call", "extend_call", "cancel_call",
    "revise_call", "archive_call", "start_review", "compute_ranking", "confirm_ranking",
    "promote_reserve", "check_eligibility", "return_for_completion", "assign_reviewer",
    "record_deposit", "issue_voucher", "lapse_award", "match_receipt", "return_receipt",
    "list_offering", "voucher_step", "close_statement", "approve_payout", "settle_payout",
    "fail_payout", "hold_payout", "release_payout", "create_payouts", "settle_dispute",
    "plan_milestones", "agree_milestones", "release_milestones", "submit_milestone",
    "return_milestone", "accept_milestone", "claim_reimbursement", "refuse_claim",
    "find_flags", "decide_flag", "pay_milestone",
    "submit_gpu_job", "cancel_gpu_job", "apply_for_data", "gpu_grant_step", "ask_gpu",
    "accept_gpu_report", "accept_gpu_request", "turn_down_gpu_request", "object_to_idle",
    "refuse_gpu_report", "decide_gpu_submission", "answer_objection",
}  # fmt: skip
POST_ONLY |= {
    "enter_person", "enter_organisation", "invite_person", "bar_person", "readmit_person",
    "accept_join", "decline_join",
}  # fmt: skip
POST_ONLY |= {
    "new_build_call",
    "set_data_goal",
    "check_data",
    "seal_data",
    "version_step",
    "check_waiver",
}
POST_ONLY |= {
    "execution_step", "open_case", "case_step", "bank_import", "year_step", "invoice_issued",
}  # fmt: skip
POST_ONLY |= {
    "place_payout_hold", "lift_payout_hold", "withdraw_supplier", "readmit_supplier",
    "verify_supplier_account", "enter_supplier_account", "leave_market",
    "propose_dispute_end", "close_dispute", "refuse_dispute_end", "settle_unsettled_call",
    "propose_correction", "book_correction", "refuse_correction", "open_case_on_flag",
    "refund_charge", "object_to_charge", "create_deposit_return", "deposit_return_step",
    "collect_refund", "refund_step", "withdraw_payout", "bounce_payout", "petition_step",
    "lift_sanction",
    "set_team", "give_key_to_team",
}  # fmt: skip
POST_ONLY |= {
    "distribute_reviews",
    "fill_seats", "reopen_review", "fund_from_contingency", "approve_series",
    "replace_reviewer",
    "void_review", "decide_challenge", "judge_appeal", "hear_appeal", "assign_appeal_reviewer",
    "decide_appeal", "close_appeal", "enrol_reviewer", "suspend_reviewer", "reinstate_reviewer",
    "declare_relationship", "end_relationship", "save_question", "move_question",
    "fill_holidays", "set_holiday", "take_out_holiday", "find_again", "hand_over_notice",
    "file_appeal", "file_challenge", "ask_consent", "carry_application", "restore_draft",
    "answer_consent", "withdraw_consent", "record_fact",
}  # fmt: skip
POST_ONLY |= {
    "hub_create", "hub_validate_yaml", "hub_paths_info", "hub_preupload", "hub_commit",
    "hub_branch", "hub_tag", "hub_lfs_batch", "hub_lfs_verify", "hub_xorb", "hub_shard",
    "hub_bundle", "hub_move",
}  # fmt: skip
POST_ONLY |= {
    "answer_survey", "comment_demand", "comment_proposal", "import_demands", "survey_step",
    "arrange_demands", "hold_round", "answer_comment", "build_project_step",
    "sign_build_terms", "amend_build_terms", "hand_in_delivery", "give_opinion",
    "accept_delivery", "return_delivery", "withdraw_results", "decide_data_access",
    "decide_results",
}  # fmt: skip
HUB = "hub_"
HUB_METHODS = {"hub_delete": "DELETE", "hub_settings": "PUT", "hub_lfs_put": "PUT"}
BUILD_STEP = {"name_ko": "n", "name_en": "n", "due_on": "2026-12-31", "volume": 1}
HUB_BODIES: dict[str, dict] = {
    "hub_create": {"name": "hana/second", "private": True},
    "hub_delete": {"name": "first", "organization": "hana", "type": "dataset"},
    "hub_move": {"fromRepo": "hana/first", "toRepo": "hana/other", "type": "dataset"},
    "hub_settings": {"private": True},
    "hub_preupload": {"files": []},
    "hub_tag": {"tag": "v2"},
    "hub_branch": {},
    "hub_lfs_batch": {"objects": []},
    "hub_lfs_verify": {"oid": SHA, "size": 1},
}
POST_ONLY |= {
    "submit_test_report", "order_test_run", "withdraw_test_submission",
    "appeal_test_submission", "start_test_run", "publish_test_submission",
    "decline_test_submission", "remove_test_submission", "decide_test_appeal",
}  # fmt: skip
GET_AND_POST = {"new_call", "rewrite_call", "proof", "ask_agency"}


@dataclass(frozen=True)
class Ask:
    """One request of the matrix."""

    name: str
    method: str
    path: str
    body: dict = field(default_factory=dict)
    is_api: bool = False

    @property
    def label(self) -> str:
        door = "hub" if self.name.startswith(HUB) else "api" if self.is_api else "page"
        return f"{door} {self.method} {self.name}"


def page_routes(patterns=None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every page."""
    for item in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(item, URLResolver):
            if item.namespace != "api":
                yield from page_routes(item.url_patterns, prefix + str(item.pattern))
        else:
            assert isinstance(item, URLPattern)
            yield str(item.name), prefix + str(item.pattern)


def api_routes() -> Iterator[tuple[str, str, str]]:
    """(operation id, method, path) of every operation."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method.upper(), path


def arguments(world) -> dict[str, str]:
    """What stands for each parameter: rows of the firm hana and the supplier nuri."""
    return {
        "call": "c-done",
        "application_id": str(world.applications["draft"].id),
        "attachment_id": str(world.attachment),
        "agreement_id": str(world.agreement.id),
        "award_id": str(world.award.id),
        "assignment_id": str(world.assignment.id),
        "payout_id": str(world.payout.id),
        "run_id": str(world.run.id),
        "panel_id": str(world.run.panel_id),
        "receipt_id": str(world.parked.id),
        "milestone_id": str(world.milestone.id),
        "goal_id": str(world.goal.id),
        "flag_id": str(world.flag.id),
        "petition_id": str(world.petition.id),
        "document_id": str(Document.objects.filter(organisation=world.firms["hana"])[0].id),
        "link": "nothing-of-ours",
        "notice_id": str(world.notice.id),
        "join_id": UNKNOWN,
        "person_id": str(world.people["kim@hana.example"].id),
        "journal_id": str(world.charge.journal),
        "refund_id": UNKNOWN,
        "case_id": str(world.case.id),
        "invoice_id": str(TaxInvoice.objects.get(supplier__code="nuri").id),
        "sanction_id": UNKNOWN,
        "payout_hold_id": UNKNOWN,
        "account_id": UNKNOWN,
        "end_id": UNKNOWN,
        "return_id": UNKNOWN,
        "report_id": str(Report.objects.filter(award=world.award).first().id),
        "amendment_id": UNKNOWN,
        "line_id": UNKNOWN,
        "correction_id": UNKNOWN,
        "treasury_id": UNKNOWN,
        "roll_over_id": UNKNOWN,
        "programme": "api-voucher",
        "year": "2026",
        "check_id": UNKNOWN,
        "evidence_id": UNKNOWN,
        "settlement_id": UNKNOWN,
        "finding_id": UNKNOWN,
        "team": "lab",
        "token_id": str(world.people["kim@hana.example"].tokens.first().pk),
        "no": str(world.key.no),
        "supplier": "nuri",
        "month": world.statement.month,
        "number": str(world.statement.number),
        "reviewer_id": str(world.assignment.reviewer_id),
        "subject_id": str(world.assignment.subject_id),
        "challenge_id": str(world.challenge.id),
        "match_id": str(world.match.id),
        "appeal_id": str(world.appeal.id),
        "owner": "hana",
        "name": "first",
        "field": "vision",
        "version_id": str(world.data_version.id),
        "version": str(world.data_version.id),
        "identifier": str(world.data_version.id),
        "quality_check_id": str(world.quality_check.id),
        "access_request_id": str(world.access_request.id),
        "access_request": str(world.access_request.id),
        "result_export_id": str(world.result_file.export_id),
        "export": str(world.result_file.export_id),
        "result_file_id": str(world.result_file.id),
        "file": str(world.result_file.id),
        "demand_id": str(world.demand.id),
        "demand": str(world.demand.id),
        "comment_id": str(world.comment.id),
        "comment": str(world.comment.id),
        "proposal_id": UNKNOWN,
        "proposal": UNKNOWN,
        "application": str(world.applications["draft"].id),
        "quality_check": str(world.quality_check.id),
        "build_project_id": str(world.delivery.project_id),
        "build_terms_id": str(world.build_terms.id),
        "delivery_id": str(world.delivery.id),
        "delivery": str(world.delivery.id),
        "submission_id": str(world.submission.id),
        "testbed_appeal_id": str(world.test_appeal.id),
        "gpu_job": str(world.gpu_job.id),
        "job_id": str(world.gpu_job.id),
        "gpu_report_id": str(world.gpu_report.id),
        "gpu_request_id": str(world.gpu_request.id),
        "idle_case_id": str(world.idle_case.id),
        "slot": "evidence",
        "step": "suspend",
        "code": world.voucher.code,
    }


SPECIAL: dict[str, dict[str, str]] = {
    # pages
    "offering": {"code": "nuri/smollm2-135m"},
    "settle_unsettled_call": {"call": UNKNOWN},
    "execution_step": {"step": "release"},
    "case_step": {"step": "investigate"},
    "year_step": {"step": "begin-close"},
    "withdraw_supplier": {"code": "nuri"},
    "readmit_supplier": {"code": "nuri"},
    "enter_supplier_account": {"code": "nuri"},
    "supplier_offering": {"code": "nuri/smollm2-135m"},
    "add_price": {"code": "nuri/smollm2-135m"},
    "suspend_offering": {"code": "nuri/smollm2-135m"},
    "list_offering": {"code": "nuri/smollm2-135m"},
    "list_prices": {"code": "nuri/smollm2-135m"},
    "ledger_account": {"code": "B500"},
    "list_account_entries": {"code": "B500"},
    "plan": {"code": "pim"},
    **{
        name: {"code": "s-1"}
        for name in (
            "data_survey", "answer_survey", "plan_survey", "import_demands", "survey_step",
            "arrange_demands", "hold_round", "list_demands", "submit_demand", "move_survey",
            "list_proposals", "list_comments",
        )
    },
    **{
        name: {"code": "p-1"}
        for name in (
            "build_project", "build_project_step", "sign_build_terms", "amend_build_terms",
            "hand_in_delivery", "list_build_terms", "propose_build_terms",
        )
    },
    "offer_build": {"code": "c-open"},
    "show_build_offer": {"code": "c-open"},
    "data_set": {"code": "hana/first"},
    "data_set_short": {"code": "hana/first"},
    "data_media": {"code": "hana/first", "rest": "none.png"},
    "apply_for_data": {"code": "hana/first"},
    "data_results": {"code": "hana/first"},
    **{
        name: {"code": "hana/first"}
        for name in ("data_rows", "data_files", "data_desk", "check_data", "seal_data")
    },
    "version_step": {"step": "suspend"},
    "data_file": {"code": "hana/first", "rest": "main/none.csv"},
    "check_waiver": {"step": "ask"},
    "gpu_site": {"code": "gwangju"},
    **{
        name: {"sha256": SHA}
        for name in (
            "testbed_report", "testbed_key", "show_board_report", "read_board_report",
            "read_board_report_key",
        )
    },
    "show_site": {"code": "gwangju"},
    "gpu_grant": {"code": "g1"},
    "submit_gpu_job": {"code": "g1"},
    "gpu_job_output": {"name": "none.txt"},
    "get_job_output": {"name": "none.txt"},
    "gpu_grant_step": {"code": "g1", "step": "give-back"},
    "offer_gpu_time": {"code": "c-open"},
    "take_utilisation": {"code": "gwangju"},
    **{
        name: {"code": "g1"}
        for name in (
            "show_grant", "give_back_gpu_seconds", "freeze_grant", "thaw_grant",
            "withdraw_grant", "submit_progress_report", "list_progress_reports",
        )
    },
    "decide_flag": {"step": "clear"},
    "petition_step": {"step": "refuse"},
    "deposit_return_step": {"step": "approve"}, "refund_step": {"step": "refuse"},
    "show_plan": {"code": "pim"},
    "start_application": {"code": "c-open"},
    "fill_seats": {"code": "c-review"},
    "distribute_reviews": {"code": "c-review"},
    "form": {"code": "standard"},
    "save_question": {"code": "standard"},
    "move_question": {"code": "standard", "question": "title", "step": "up"},
    "facts": {"code": "hana"},
    "fill_holidays": {"year": "2027"},
    "list_holidays": {"year": "2026"},
    "set_holiday": {"day": "2026-04-15"},
    "take_out_holiday": {"day": "2026-05-05"},
    "list_facts": {"code": "hana"},
    "record_fact": {"code": "hana"},
    "end_relationship": {"no": "1"},
    "show_form": {"code": "standard"},
    "list_form_versions": {"code": "standard"},
    "save_form": {"code": "standard"},
    "show_series": {"code": "roll-a"},
    "approve_series": {"code": "roll-a"},
    "restore_draft": {"number": "1"},
    "approve_call": {"code": "c-open"},
    "extend_call": {"code": "c-open"},
    "cancel_call": {"code": "c-open"},
    "revise_call": {"code": "c-open"},
    "rewrite_call": {"code": "roll-a-1"},
    "change_call": {"code": "c-open"},
    "compute_ranking": {"code": "c-review"},
    "panel": {"code": "c-review"},
    "ranking": {"code": "c-review"},
    **{
        name: {"code": "c-done"}
        for name in (
            "call", "manage_call", "applications_csv", "archive_call", "start_review",
            "promote_reserve", "confirm_ranking", "show_call", "reopen_review", "show_lottery",
            "fund_from_contingency",
        )
    },
}  # fmt: skip
APPLICATION_OF = {
    "attachment": "review", "check_eligibility": "review", "return_for_completion": "review",
    "assign_reviewer": "review", "read_attachment": "review", "withdraw_application": "review",
    "detach_document": "review", "application": "review", "show_application": "review",
    "file_challenge": "review", "list_panel_reviewers": "review", "show_result": "hana",
    "file_appeal": "hana", "list_findings": "review", "find_again": "review",
    "list_revisions": "hana",
}  # fmt: skip

BODIES: dict[str, dict] = {
    "answer_survey": {"field": "vision", "title": "t", "purpose": "p"},
    "comment_demand": {"text": "t"},
    "comment_proposal": {"text": "t"},
    "hold_round": {"number": 2, "opens_at": FUTURE, "closes_at": "2026-04-30T10:00"},
    "answer_comment": {"text": "t"},
    "survey_step": {"step": "analyse"},
    "build_project_step": {"step": "collect"},
    "sign_build_terms": {"step": "sign", "sha256": SHA},
    "hand_in_delivery": {"step": 1, "revision": "main"},
    "amend_build_terms": {"targets": "x", "plan": "2026-06-30 1", "reason": "r"},
    "give_opinion": {"rows": 1, "wrong": 0},
    "return_delivery": {"reason": "r"},
    "open_case": {"ground": "breach", "amount": "5", "reason": "r"},
    "case_step": {"reason": "r"},
    "invoice_issued": {"number": "p-1", "issued_at": FUTURE},
    "submit_gpu_job": {"key": "k", "cards": 1, "time_limit_s": 60, "script": "true"},
    "gpu_grant_step": {"gpu_seconds": "1"},
    "turn_down_gpu_request": {"reason": "r"},
    "refuse_gpu_report": {"reason": "r"},
    "decide_gpu_submission": {"verdict": "is", "engine_job": "900", "reason": "r"},
    "object_to_idle": {"text": "t"},
    "answer_objection": {"verdict": "yes", "reason": "r"},
    "ask_gpu": {
        "organisation": "hana",
        "gpu_class": "h100",
        "gpu_hours": "1",
        "cards_max": "1",
        "days": "1",
        "purpose": "p",
    },
    "reopen_review": {"reason": "r"},
    "fund_from_contingency": {"reason": "r", "amount_microwon": "1000"},
    "void_review": {"reason": "r"},
    "decide_challenge": {"verdict": "yes", "reason": "r"},
    "judge_appeal": {"verdict": "yes"},
    "decide_appeal": {"verdict": "yes", "reason": "r"},
    "assign_appeal_reviewer": {"email": "choi@univ.example"},
    "enrol_reviewer": {"email": "choi@univ.example"},
    "enter_person": {"email": "x@hana.example", "language": "ko", "roles": ["builder"]},
    "enter_organisation": {"code": "x", "name_ko": "x", "name_en": "x", "kind": "sme"},
    "bar_person": {"reason": "r"},
    "accept_join": {"code": "x"},
    "decline_join": {"reason": "r"},
    "readmit_person": {"reason": "r"},
    "suspend_reviewer": {"reason": "r"},
    "reinstate_reviewer": {"reason": "r"},
    "declare_relationship": {
        "a": "person:lee@univ.example",
        "b": "organisation:hana",
        "kind": "mentor",
    },
    "end_relationship": {"reason": "r"},
    "save_question": {"code": "a", "kind": "text", "name_ko": "a", "name_en": "a"},
    "set_holiday": {"day": "2026-04-15", "name": "x"},
    "hand_over_notice": {"delivered_at": "2026-03-01T10:00"},
    "file_appeal": {"ground": "misreading", "text": "t"},
    "file_challenge": {"reviewer": "lee@univ.example", "ground": "family", "text": "t"},
    "ask_consent": {"supplier": "nuri"},
    "answer_consent": {"consents": "yes"},
    "record_fact": {"name": "region", "value": "서울"},
    "set_language": {"language": "en"},
    "save_application": {"q-title": "x"},
    "submit_application": {"q-title": "x"},
    "sign_agreement": {"sha256": SHA},
    "decline_award": {"reason": "r"},
    "create_key": {"rpm_max": "5"},
    "add_price": {"unit": "token.out", "won": "1", "valid_from": "2026-06-01T00:00"},
    "declare_offering": {"code": "nuri/new", "meter": "delivery", "context_tokens_max": "0"},
    "dispute_statement": {"reason": "r"},
    "declare_interest": {"agrees": "on"},
    "declare_conflict": {"reason": "r"},
    "save_review": {"c-plan": "80"},
    "submit_review": {"c-plan": "80", "c-effect": "70"},
    "extend_call": {"closes_at": FUTURE, "reason": "r"},
    "cancel_call": {"reason": "r"},
    "revise_call": {"reason": "r"},
    "check_eligibility": {"is_eligible": "yes"},
    "return_for_completion": {"reason": "r", "due_at": FUTURE},
    "lapse_award": {"reason": "r"},
    "match_receipt": {"voucher": "v-c-done-0001", "reason": "r"},
    "return_receipt": {"reason": "r"},
    "voucher_step": {"reason": "r"},
    "close_statement": {"supplier": "nuri", "month": "2026-03"},
    "hold_payout": {"reason": "r"},
    "release_payout": {"reason": "r"},
    "withdraw_payout": {"reason": "r"},
    "bounce_payout": {"reason": "r"},
    "settle_dispute": {"reason": "r"},
    "plan_milestones": {"steps": "2026-06-30 | 4000000 | 시제품 | Prototype"},
    "release_milestones": {"reason": "r"},
    "return_milestone": {"reason": "r"},
    "refuse_claim": {"reason": "r"},
    "decide_flag": {"reason": "r"},
    "place_payout_hold": {"supplier": "nuri", "reason": "r"},
    "lift_payout_hold": {"reason": "r"},
    "lift_sanction": {"reason": "r"},
    "withdraw_supplier": {"kind": "withdrawn", "reason": "r"},
    "readmit_supplier": {"reason": "r"},
    "enter_supplier_account": {"bank": "한빛", "number": "123456789"},
    "leave_market": {"reason": "r"},
    "propose_dispute_end": {"amount_microwon": "1", "reason": "r"},
    "refuse_dispute_end": {"reason": "r"},
    "settle_unsettled_call": {"reason": "r"},
    "propose_correction": {"reason": "r"},
    "refuse_correction": {"reason": "r"},
    "open_case_on_flag": {
        "award": UNKNOWN,
        "ground": "fraud",
        "amount_won": "0",
        "reason": "r",
    },
    "refund_charge": {"amount_microwon": "1", "reason": "r", "refund": UNKNOWN},
    "object_to_charge": {"text": "t"},
    "collect_refund": {"by": "cash", "collection": UNKNOWN},
    "refund_step": {"reason": "r"},
    "petition_step": {"reason": "r"},
    "ask_agency": {"kind": "other", "text": "t"},
    "set_team": {"code": "lab", "name": "lab", "limit_microwon": "1000"},
    "give_key_to_team": {"team": "lab"},
    "order_test_run": {"organisation": "hana", "spec": "device = 1"},
    "withdraw_test_submission": {"reason": "r"},
    "appeal_test_submission": {"text": "t"},
    "start_test_run": {"grant": "g1"},
    "decline_test_submission": {"reason": "r"},
    "remove_test_submission": {"reason": "r"},
    "decide_test_appeal": {"verdict": "no", "reason": "r"},
}
QUERIES = {
    "show_device_history": "?device=x",
    "reconcile_bank": "?programme=api-voucher&year=2026&account=1110",
}
MONEY_BODIES: dict[str, dict] = {
    "import_bank_file": {
        "programme": "api-voucher", "year": 2026,
        "text": "account,reference,booked_at,amount_won,payer,memo\n",
    },
    "link_bank_line": {"journal": UNKNOWN, "reason": "r"},
    "propose_correction": {"journal": UNKNOWN, "reason": "r"},
    "refuse_correction": {"reason": "r"},
    "return_unspent_part": {"amount_microwon": 10_000_000},
    "record_interest": {"amount_microwon": 1_000_000, "reference": "i-1"},
    "propose_roll_over": {"budget_microwon": 0},
    "refuse_roll_over": {"reason": "r"},
    "propose_amendment": {"reason": "r", "offerings": ["nuri/*"]},
    "sign_amendment": {"sha256": SHA},
    "withdraw_amendment": {"reason": "r"},
    "terminate_agreement": {"reason": "r"},
    "submit_report": {"sections": {"done": "d", "effect": "e", "problems": "p"}},
    "return_report": {"reason": "r"},
    "plan_check": {"kind": "mid", "due_at": API_FUTURE},
    "record_check": {"result": "passed", "reason": "r"},
    "pledge_in_kind": {"amount_microwon": 1_000_000},
    "submit_in_kind": {"document": UNKNOWN, "amount_microwon": 1_000_000},
    "reject_in_kind": {"reason": "r"},
    "verify_project_settlement": {"verifier": "cpa-1"},
    "attach_settlement_audit": {"audit_sha256": SHA},
    "record_finding": {"ground": "breach", "amount_microwon": 0, "reason": "r"},
    "answer_finding": {"reason": "r"},
    "return_project_settlement": {"is_year_end": False},
    "lift_sanction": {"reason": "r"},
    "set_team": {"limit_microwon": 1_000_000},
    "give_key_to_team": {"team": "lab"},
    "place_payout_hold": {"supplier": "nuri", "reason": "r"},
    "lift_payout_hold": {"reason": "r"},
    "enter_supplier_account": {"bank": "b", "number": "110-11-111111"},
    "withdraw_supplier": {"kind": "withdrawn", "reason": "r"},
    "readmit_supplier": {"reason": "r"},
    "record_tax_invoice": {"number": "t-1", "issued_at": "2026-03-01T00:00:00Z"},
    "propose_dispute_end": {
        "supplier": "nuri", "voucher": "v-c-done-0001", "amount_microwon": 1,
        "is_paid": False, "reason": "r",
    },
    "refuse_dispute_end": {"reason": "r"},
    "settle_unsettled_call": {"reason": "r"},
    "fail_deposit_return": {"reason": "r"},
    "open_clawback": {"award": UNKNOWN, "ground": "breach", "reason": "r"},
    "investigate_clawback": {"reason": "r"},
    "call_hearing": {"reason": "r"},
    "answer_clawback": {"text": "t"},
    "decide_clawback": {"principal_microwon": 10_000_000, "reason": "r"},
    "drop_clawback": {"reason": "r"},
    "plan_instalments": {"count": 2, "reason": "r"},
    "collect_clawback": {"amount_microwon": 1_000_000, "reference": "x"},
    "set_off_clawback": {"amount_microwon": 1_000_000, "reference": "x"},
    "propose_write_off": {"reason": "r"},
    "remit_clawback": {"reference": "x"},
}  # fmt: skip
API_BODIES: dict[str, dict] = {
    **MONEY_BODIES,
    "suspend_voucher": {"reason": "r"},
    "reinstate_voucher": {"reason": "r"},
    "cancel_voucher": {"reason": "r"},
    "refund_charge": {"refund": UNKNOWN, "amount_microwon": 1},
    "collect_refund": {"by": "cash"},
    "propose_refund_write_off": {"ground": "bankrupt", "document": UNKNOWN, "reason": "r"},
    "refuse_refund_write_off": {"reason": "r"},
    "revive_refund": {"reason": "r"},
    "withdraw_payout": {"reason": "r"},
    "bounce_payout": {"reason": "r"},
    "record_voucher_deposit": {
        "payer": "hana", "amount_microwon": 1_000_000, "reference": "api-1",
        "received_at": "2026-03-01T00:00:00Z",
    },
    "record_deposit": {
        "payer": "hana", "amount_microwon": 1_000_000, "reference": "api-2",
        "received_at": "2026-03-01T00:00:00Z",
    },
    "match_receipt": {"voucher": "v-c-done-0001", "reason": "r"},
    "return_receipt": {"reason": "r"},
    "create_key": {"rpm_max": 5},
    "set_key_rate": {"rpm_max": 5},
    "declare_offering": {"code": "nuri/new", "supplier": "nuri", "meter": "delivery"},
    "add_price": {
        "unit": "token.out", "microwon_per_million": 1, "valid_from": "2026-06-01T00:00:00Z"
    },
    "suspend_offering": {"reason": "r"},
    "record_usage": {
        "voucher": "v-c-done-0001", "offering": "nuri/report", "quantity": 1, "id": "api"
    },
    "close_statement": {"supplier": "nuri", "month": "2026-03"},
    "dispute_statement": {"reason": "r"},
    "settle_dispute": {"reason": "r"},
    "fail_payout": {"reason": "r"},
    "hold_payout": {"reason": "r"},
    "release_payout": {"reason": "r"},
    "declare_interest": {"has_conflict": False},
    "decline_assignment": {"reason": "r"},
    "recuse_from_assignment": {"reason": "r"},
    "exclude_reviewer": {"reason": "r"},
    "uphold_challenge": {"reason": "r"},
    "save_review": {"scores": {"plan": 80}},
    "submit_review": {"scores": {"plan": 80, "effect": "70.5"}},
    "create_call": {
        "code": "c-new", "programme": "api-voucher", "title_ko": "가", "title_en": "a",
        "opens_at": API_FUTURE, "closes_at": "2026-04-30T10:00:00+09:00",
        "budget_microwon": 1_000_000_000_000, "criteria": [{"code": "plan", "weight": 1}],
    },
    "change_call": {
        "code": "c-open", "programme": "api-voucher", "title_ko": "가", "title_en": "a",
        "opens_at": API_FUTURE, "closes_at": "2026-04-30T10:00:00+09:00",
        "budget_microwon": 1_000_000_000_000, "criteria": [{"code": "plan", "weight": 1}],
    },
    "revise_call": {"reason": "r"},
    "cancel_call": {"reason": "r"},
    "extend_call": {"closes_at": API_FUTURE, "reason": "r"},
    "start_application": {"organisation": "hana"},
    "save_application": {"answers": {"title": "x"}},
    "withdraw_application": {"reason": "r"},
    "return_for_completion": {"reason": "r", "due_at": API_FUTURE},
    "check_eligibility": {"is_eligible": True},
    "assign_reviewer": {"reviewer": "choi@univ.example"},
    "sign_agreement": {"sha256": SHA},
    "decline_award": {"reason": "r"},
    "lapse_award": {"reason": "r"},
    "plan_milestones": {
        "steps": [
            {
                "name_ko": "시제품", "name_en": "Prototype", "due_on": "2026-06-30",
                "amount_microwon": 1_000_000,
            }
        ]
    },
    "release_milestones": {"reason": "r"},
    "return_milestone": {"reason": "r"},
    "refuse_claim": {"reason": "r"},
    "claim_reimbursement": {
        "seller_no": "1", "invoice_no": "1", "delivered_on": "2026-05-01",
        "paid_on": "2026-05-02", "supply_microwon": 1_000_000, "documents": [],
    },
    "submit_milestone": {"documents": []},
    "report_goal": {"document": UNKNOWN},
    "reject_goal": {"reason": "r"},
    "record_fact": {"name": "region", "value": "서울"},
    "declare_relationship": {
        "a": "person:lee@univ.example", "b": "organisation:hana", "kind": "mentor",
    },
    "end_relationship": {"reason": "r"},
    "set_holiday": {"name": "x"},
    "hand_over_notice": {"delivered_at": "2026-03-01T01:00:00Z"},
    "save_form": {"fields": [{"code": "a", "kind": "text", "name_ko": "a", "name_en": "a"}]},
    "create_series": {
        "code": "roll", "programme": "api-voucher", "title_ko": "가", "title_en": "a",
        "opens_at": API_FUTURE, "closes_at": "2026-04-30T10:00:00+09:00",
        "budget_microwon": 1_000_000_000_000, "criteria": [{"code": "plan", "weight": 1}],
        "cut_offs": ["2026-04-30T10:00:00+09:00", "2026-05-31T10:00:00+09:00"],
    },
    "ask_consent": {"supplier": "nuri", "summary": "s"},
    "answer_consent": {"consents": True},
    "withdraw_consent": {"reason": "r"},
    "enrol_reviewer": {"email": "choi@univ.example", "expertise": ["NLP"]},
    "suspend_reviewer": {"reason": "r"},
    "reinstate_reviewer": {"reason": "r"},
    "void_review": {"reason": "r"},
    "decide_challenge": {"upheld": True, "reason": "r"},
    "file_challenge": {"reviewer": "choi@univ.example", "ground": "family", "text": "t"},
    "file_appeal": {"ground": "misreading", "text": "t"},
    "judge_appeal": {"admissible": True},
    "assign_appeal_reviewer": {"reviewer": "choi@univ.example"},
    "decide_appeal": {"upheld": True, "reason": "r"},
    "reopen_review": {"reason": "r"},
    "fund_from_contingency": {"reason": "r", "amount_microwon": 1_000_000},
    "decide_flag": {"is_confirmed": True, "reason": "r"},
    "open_case_on_flag": {"award": UNKNOWN, "ground": "fraud", "reason": "r"},
    "ask_agency": {"kind": "other", "text": "t"},
    "answer_petition": {"text": "t"},
    "grant_petition": {"reason": "r", "refund_microwon": 1_000_000},
    "refuse_petition": {"reason": "r"},
    "submit_job": {
        "grant": "g1", "key": "k", "cards": 1, "time_limit_s": 60, "command": ["true"],
    },
    "give_back_gpu_seconds": {"gpu_seconds": 1},
    "freeze_grant": {"reason": "r"},
    "withdraw_grant": {"reason": "r"},
    "submit_progress_report": {"text": "t"},
    "refuse_progress_report": {"reason": "r"},
    "decide_submission": {"never_ran": True, "reason": "r"},
    "request_gpu_time": {
        "organisation": "hana", "gpu_class": "h100", "gpu_seconds": 60, "cards_max": 1,
        "days": 1, "purpose": "p",
    },
    "offer_gpu_time": {"gpu_class": "h100", "gpu_seconds": 60, "cards_max": 1},
    "refuse_gpu_request": {"reason": "r"},
    "object_to_idle_case": {"text": "t"},
    "decide_objection": {"upheld": True, "reason": "r"},
    "ingest_uploads": {"branch": "main"},
    "seal_version": {"number": "2.0"},
    "prepare_release": {"opens_on": "2026-03-30"},
    "move_release": {"step": "suspend", "reason": "r"},
    "recall_version": {"reason": "r"},
    "run_quality_check": {"targets": "[completeness]\nfiles='*'\nunit='files'\npromised=1"},
    "ask_waiver": {"reason": "r"},
    "apply_for_access": {"purpose": "p", "days": 30},
    "decide_access": {"step": "approve"},
    "decide_result_export": {"step": "deny", "reason": "r"},
    "set_build_goal": {"code": "g", "half_year": "2022H1", "target": 1},
    "contract_build_project": {
        "code": "p", "goal": "none", "organisation": "hana", "targets": "x",
        "steps": [BUILD_STEP],
    },
    "offer_build": {"goal": "g-1", "survey": "s-1"},
    "save_proposal": {
        "demand": UNKNOWN, "name": "n", "title_ko": "t", "title_en": "t", "licence": "KOGL-1",
        "targets": "x", "steps": [BUILD_STEP],
    },
    "propose_build_terms": {"targets": "x", "steps": [BUILD_STEP]},
    "sign_build_terms": {"step": "offer", "sha256": SHA},
    "withdraw_build_terms": {"reason": "r"},
    "hand_in_delivery": {"step": 1},
    "return_delivery": {"reason": "r"},
    "give_sample_opinion": {"rows": 1, "wrong": 0},
    "hold_round": {
        "number": 2, "opens_at": API_FUTURE, "closes_at": "2026-04-30T10:00:00+09:00",
    },
    "submit_comment": {"demand": UNKNOWN, "text": "t"},
    "answer_comment": {"step": "answer", "text": "t"},
    "merge_demands": {"others": [UNKNOWN]},
    "move_build_project": {"step": "collect"},
    "create_survey": {
        "code": "d1", "title_ko": "t", "title_en": "t", "opens_at": API_FUTURE,
        "closes_at": "2026-04-30T10:00:00+09:00",
    },
    "submit_demand": {"field": "vision", "title": "t", "purpose": "p"},
    "import_demands": {"csv": "x"},
    "move_survey": {"step": "close"},
    "decide_demand": {"adopt": True, "reason": "r"},
    "order_test_run": {"organisation": "hana", "spec": "device = 1"},
    "accept_test_run": {"grant": "g1"},
    "decline_submission": {"reason": "r"},
    "remove_submission": {"reason": "r"},
    "withdraw_submission": {"reason": "r"},
    "appeal_submission": {"text": "t"},
    "decide_submission_appeal": {"upheld": False, "reason": "r"},
}  # fmt: skip


def asks(world) -> list[Ask]:
    """Every request of the matrix, pages first."""
    made = [_page(world, name, route) for name, route in page_routes()]
    made += [replace(ask, method="POST") for ask in made if ask.name in GET_AND_POST]
    made += [_operation(world, *route) for route in api_routes()]
    return made


def _page(world, name: str, route: str) -> Ask:
    path = _filled(world, name, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route))
    body = dict(BODIES.get(name, {}))
    if name == "assign_reviewer":
        body["person"] = str(world.people["choi@univ.example"].id)
    if name == "start_application":
        body["organisation"] = str(world.firms["hana"].id)
    if name == "record_deposit":
        paid = {"reference": "page-1", "received_at": "2026-03-01T09:00"}
        body |= {"payer": "hana", "amount": "5", **paid}
    if name.startswith(HUB):  # clients of the data hub: a token, never a session
        method = HUB_METHODS.get(name, "POST" if name in POST_ONLY else "GET")
        return Ask(name, method, "/" + path, HUB_BODIES.get(name, {}), is_api=True)
    return Ask(name, "POST" if name in POST_ONLY else "GET", "/" + path, body)


def _operation(world, name: str, method: str, path: str) -> Ask:
    filled = _filled(world, name, re.sub(r"\{path:(\w+)\}", r"{\1}", path))
    asked = filled + QUERIES.get(name, "")
    return Ask(name, method, asked, API_BODIES.get(name, {}), is_api=True)


def _filled(world, name: str, template: str) -> str:
    values = arguments(world) | SPECIAL.get(name, {})
    if name in APPLICATION_OF:
        values["application_id"] = str(world.applications[APPLICATION_OF[name]].id)
    if name.startswith("hub_"):
        values |= {"code": "hana/first", "rest": "main", "name": "main", "version": "1"}
    if name in {"hub_ckan", "hub_ckan_short"}:
        values["name"] = "site_read"
    if name in {"list_keys", "create_key"}:
        values["code"] = world.voucher.code
    if name == "account_reset_password_from_key":
        values |= {"uidb36": "1", "key": "a-0"}
    if name in {"refund_charge", "charge", "object_to_charge"}:
        values["no"] = str(world.charge.no)
    return template.format(**values)
