"""Names for people: states from the workflow tables, and the words of the catalogue."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.compute.findings.workflow import IDLE
from madang.compute.grants.workflow import GRANT, REQUEST
from madang.compute.jobs.workflow import JOB
from madang.core.units import Unit
from madang.datahub.access.workflow import ACCESS
from madang.datahub.comments.workflow import COMMENT
from madang.datahub.deliveries.workflow import DELIVERY
from madang.datahub.demand.workflow import DEMAND, SURVEY
from madang.datahub.plan.workflow import BUILD_GOAL, BUILD_PROJECT
from madang.datahub.quality.workflow import QUALITY
from madang.datahub.releases.workflow import RELEASE
from madang.datahub.terms.workflow import BUILD_TERMS
from madang.datahub.versions.workflow import VERSION
from madang.metering.disputes.workflow import DISPUTE_END
from madang.metering.invoices.workflow import INVOICE
from madang.metering.payouts.workflow import PAYOUT
from madang.metering.returns.workflow import DEPOSIT_RETURN
from madang.metering.statements.workflow import STATEMENT
from madang.metering.vouchers.workflow import VOUCHER
from madang.parties.actor import Role
from madang.parties.sanctions.workflow import SANCTION
from madang.programme.agreements.workflow import AGREEMENT, AMENDMENT
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.workflow import CALL
from madang.programme.cases.workflow import CLAWBACK
from madang.programme.checks.workflow import CHECK
from madang.programme.copayments.workflow import COPAYMENT, IN_KIND
from madang.programme.corrections.workflow import CORRECTION
from madang.programme.flags.workflow import FLAG
from madang.programme.matches.workflow import MATCH
from madang.programme.milestones.workflow import MILESTONE
from madang.programme.petitions.workflow import PETITION
from madang.programme.plans.workflow import GOAL
from madang.programme.reports.workflow import REPORT
from madang.programme.settlements.workflow import SETTLEMENT
from madang.programme.tranches.workflow import TRANCHE
from madang.programme.years.workflow import ROLL_OVER, TREASURY, YEAR
from madang.review.appeals.workflow import APPEAL
from madang.review.assignments.workflow import ASSIGNMENT
from madang.review.challenges.workflow import CHALLENGE
from madang.review.rankings.workflow import RANKING
from madang.testbed.submissions.workflow import APPEAL as TESTBED_APPEAL
from madang.testbed.submissions.workflow import SUBMISSION

ROLE_NAMES: dict[Role, str | Promise] = {
    Role.OPERATOR: _("operator"),
    Role.BENEFICIARY: _("beneficiary"),
    Role.SUPPLIER: _("supplier"),
    Role.REVIEWER: _("reviewer"),
    Role.AUDITOR: _("auditor"),
    Role.BUILDER: _("data builder"),
    Role.MAKER: _("chip maker"),
}

STATE_TONES: dict[str, str] = {
    "draft": "gray",
    "on_hold": "danger",
    "lifted": "gray",
    "selling": "success",
    "bankrupt": "danger",
    "granted": "success",
    "open": "primary",
    "active": "success",
    "listed": "success",
    "matched": "success",
    "committed": "success",
    "parked": "warning",
    "planned": "gray",
    "reported": "warning",
    "reached": "success",
    "cleared": "success",
    "estimated": "warning",
    "funded": "success",
    "signed": "success",
    "selected": "success",
    "eligible": "success",
    "sealed": "success",
    "passed": "success",
    "waived": "warning",
    "recalled": "danger",
    "withdrawn": "danger",
    "confirmed": "success",
    "paid": "success",
    "settled": "success",
    "submitted": "primary",
    "in_review": "primary",
    "invited": "primary",
    "accepted": "primary",
    "approved": "primary",
    "frozen": "primary",
    "pending": "warning",
    "created": "warning",
    "pending_deposit": "warning",
    "pending_signatures": "warning",
    "reserve": "warning",
    "suspended": "danger",
    "failed": "danger",
    "rejected": "danger",
    "ineligible": "danger",
    "disputed": "danger",
    "held": "danger",
    "met": "success",
    "not_met": "danger",
    "unknown": "warning",
    "upheld": "success",
    "consented": "success",
    "asked": "warning",
    "refused": "danger",
    "admissible": "primary",
    "under_review": "primary",
    "filed": "warning",
    "denied": "danger",
    "inadmissible": "danger",
    "dismissed": "danger",
    "overdue": "danger",
    "noticed": "warning",
    "noticed_again": "danger",
    "objected": "warning",
    "answered": "success",
    "adopted": "success",
    "declined": "gray",
    "in_force": "success",
    "handed_in": "warning",
    "returned": "danger",
    "published": "primary",
}

LABELS: dict[str, Callable[[str, str], str]] = {
    "voucher": VOUCHER.label,
    "statement": STATEMENT.label,
    "payout": PAYOUT.label,
    "call": CALL.label,
    "application": APPLICATION.label,
    "award": AWARD.label,
    "agreement": AGREEMENT.label,
    "copayment": COPAYMENT.label,
    "assignment": ASSIGNMENT.label,
    "ranking": RANKING.label,
    "milestone": MILESTONE.label,
    "goal": GOAL.label,
    "appeal": APPEAL.label,
    "match": MATCH.label,
    "challenge": CHALLENGE.label,
    "flag": FLAG.label,
    "petition": PETITION.label,
    "amendment": AMENDMENT.label,
    "tranche": TRANCHE.label,
    "report": REPORT.label,
    "check": CHECK.label,
    "in_kind": IN_KIND.label,
    "settlement": SETTLEMENT.label,
    "case": CLAWBACK.label,
    "sanction": SANCTION.label,
    "invoice": INVOICE.label,
    "dispute_end": DISPUTE_END.label,
    "deposit_return": DEPOSIT_RETURN.label,
    "gpu_grant": GRANT.label,
    "gpu_request": REQUEST.label,
    "access_request": ACCESS.label,
    "build_goal": BUILD_GOAL.label,
    "build_terms": BUILD_TERMS.label,
    "comment": COMMENT.label,
    "delivery": DELIVERY.label,
    "demand": DEMAND.label,
    "demand_survey": SURVEY.label,
    "build_project": BUILD_PROJECT.label,
    "quality_check": QUALITY.label,
    "data_release": RELEASE.label,
    "data_version": VERSION.label,
    "gpu_job": JOB.label,
    "idle_case": IDLE.label,
    "correction": CORRECTION.label,
    "year": YEAR.label,
    "treasury_return": TREASURY.label,
    "roll_over": ROLL_OVER.label,
    "testbed_submission": SUBMISSION.label,
    "testbed_appeal": TESTBED_APPEAL.label,
}
OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "submission_kind": {"report": ("보고서", "report"), "run": ("시험 의뢰", "ordered run")},
    "test_verdict": {
        "passed": ("통과", "passed"),
        "failed": ("불합격", "failed"),
        "simulated": ("모의 장치", "simulated device"),
    },
    "gpu_report": {"submitted": ("제출", "handed in"), "accepted": ("승인", "accepted")},
    "offering": {"listed": ("판매중", "on sale"), "suspended": ("중지", "not on sale")},
    "payout_hold": {"on_hold": ("보류중", "in force"), "lifted": ("해제", "lifted")},
    "supplier": {
        "selling": ("판매중", "selling"),
        "withdrawn": ("철수", "withdrawn"),
        "bankrupt": ("파산", "bankrupt"),
    },
    "dispute": {"noted": ("종결 전", "not ended")},
    "collection": {"offset": ("상계", "kept back"), "cash": ("현금", "in cash")},
    "receipt": {
        "matched": ("대사완료", "matched"),
        "parked": ("미확인", "unidentified"),
        "returned": ("반환", "returned"),
        "payer": ("입금자 불일치", "not paid by the beneficiary"),
        "unmatched": ("대상 불명", "names nothing we know"),
        "late": ("기한 후 입금", "came too late"),
        "": ("", ""),
    },
    "finding": {
        "met": ("충족", "met"),
        "not_met": ("미충족", "not met"),
        "unknown": ("확인 필요", "not known"),
    },
    "outcome": {
        "committed": ("확정", "committed"),
        "estimated": ("추정", "estimated"),
        "adjusted": ("조정", "adjusted"),
        "voided": ("무효", "voided"),
    },
    "gpu_attempt": {
        "pending": ("대기", "waiting"),
        "running": ("실행", "running"),
        "suspended": ("일시중지", "suspended"),
        "completed": ("완료", "completed"),
        "failed": ("실패", "failed"),
        "cancelled": ("취소", "cancelled"),
        "timeout": ("시간초과", "out of time"),
        "preempted": ("선점됨", "preempted"),
        "requeued": ("재대기", "queued again"),
        "node_fail": ("노드 장애", "node failed"),
        "unknown": ("알 수 없음", "unknown"),
        "disputed": ("확인중", "disputed"),
    },
    "charge": {"charge": ("차감", "charge"), "refund": ("환불", "refund")},
    "case_move": {
        "cash": ("현금 수납", "paid in cash"),
        "set_off": ("상계", "set off"),
        "write_off": ("결손", "written off"),
        "remit": ("세입 납입", "to the treasury"),
    },
    "treasury_kind": {
        "unspent": ("집행잔액", "unspent grant"),
        "interest": ("이자", "interest"),
    },
}


def state_label(noun: str, code: str, language: str) -> str:
    """The name from the noun's workflow table, or from the few that have none."""
    if noun in LABELS:
        return LABELS[noun](code, language)
    ko, en = OTHER_STATES[noun][code]
    return ko if language == "ko" else en


UNIT_NAMES: dict[Unit, str | Promise] = {
    Unit.TOKEN_IN: _("input tokens"),
    Unit.TOKEN_IN_CACHED: _("cached input tokens"),
    Unit.TOKEN_IN_CACHE_WRITE: _("input tokens written to the cache"),
    Unit.TOKEN_OUT: _("output tokens"),
    Unit.REQUEST: _("requests"),
    Unit.IMAGE: _("images"),
    Unit.SECOND: _("seconds"),
    Unit.GPU_SECOND: _("GPU-seconds"),
    Unit.BYTE: _("bytes"),
}
KIND_NAMES: dict[str, str | Promise] = {
    "sme": _("small or medium firm"),
    "midsize": _("mid-sized firm"),
    "university": _("university"),
    "institute": _("research institute"),
    "public": _("public body"),
    "large": _("large firm"),
}
FLAG_NAMES: dict[str, str | Promise] = {
    "same_representative": _("same representative"),
    "same_address": _("same address"),
    "same_account": _("same bank account"),
    "same_network": _("same network"),
    "burst": _("many within minutes, for one supplier"),
    "self_dealing": _("buyer and seller belong together"),
    "payback": _("the seller paid for the buyer"),
    "resale": _("used around the clock under many keys"),
    "rush": _("nearly all spent at once, with one seller"),
}
SIZE_NAMES: dict[str, str | Promise] = {
    "small": _("small"),
    "medium": _("medium"),
    "large": _("large"),
    "xlarge": _("very large"),
}
USE_NAMES: dict[str, str | Promise] = {
    "chat": _("chat"),
    "embedding": _("embedding"),
    "code": _("code"),
    "translation": _("translation"),
    "summary": _("summary"),
    "vision": _("vision"),
    "speech": _("speech"),
}
METER_NAMES: dict[str, str | Promise] = {
    "model": _("model API"),
    "delivery": _("delivered product"),
    "compute": _("computing"),
    "data": _("data"),
    "run": _("test run"),
}
BOOK_NAMES: dict[str, str | Promise] = {
    "M": _("M, money"),
    "B": _("B, budget"),
    "K": _("K, memoranda"),
    "Q": _("Q, quota"),
}
EXCEPTION_NAMES: dict[str, str | Promise] = {
    "receipt": _("Money to be identified"),
    "deposit": _("Deposit overdue"),
    "bank_line": _("Line of the bank that nothing explains"),
    "payout": _("Payout held or sent back"),
    "deposit_return": _("Return of an own part to approve"),
    "statement": _("Statement objected to"),
    "call": _("Call of unknown outcome"),
    "dispute": _("Disputed amount"),
    "dispute_end": _("End of a dispute to decide"),
    "payout_hold": _("Payouts on hold"),
    "petition": _("Request to decide"),
    "flag": _("Looks odd"),
    "supplier": _("Supplier has left"),
    "case": _("Clawback case"),
    "correction": _("Correction to decide"),
    "report": _("Report is late"),
    "check": _("Check is late"),
    "settlement": _("Settlement is late"),
    "invoice": _("Tax invoice is late"),
}
OPEN_NAMES: dict[str, str | Promise] = {
    "call": _("Call"),
    "voucher": _("Voucher"),
    "award": _("Award"),
    "statement": _("Statement"),
    "payout": _("Payout"),
    "dispute": _("Disputed amount"),
}
PETITION_NAMES: dict[str, str | Promise] = {
    "usage": _("Objection to a charge"),
    "carry_over": _("More time (carry-over)"),
    "correction": _("Correction of a booking"),
    "other": _("Another request"),
}
SIDE_NAMES: dict[str, str | Promise] = {
    "holder": _("holder of the voucher"),
    "supplier": _("supplier"),
    "agency": _("agency"),
}
PARTY_NAMES: dict[str, str | Promise] = {
    "agency": _("agency"),
    "beneficiary": _("beneficiary"),
    "supplier": _("supplier"),
    "former_supplier": _("former supplier"),
}
CONFLICT_NAMES: dict[str, str | Promise] = {
    "self": _("is a party"),
    "same_organisation": _("same institution"),
    "same_unit": _("same department"),
    "affiliate_organisation": _("affiliated institution"),
    "adviser": _("adviser"),
    "affiliate": _("affiliate"),
    "coauthor": _("co-author"),
    "employee": _("employee"),
    "employer": _("employer"),
    "family": _("family"),
    "founder": _("founder"),
    "investor": _("investor"),
    "mentor": _("mentor"),
    "officer": _("officer"),
    "shareholder": _("shareholder"),
    "student": _("student"),
    "teacher": _("teacher"),
}
DECIDED_NAMES: dict[str, str | Promise] = {
    "score": _("score"),
    "lottery": _("lottery"),
}
GROUND_NAMES: dict[str, str | Promise] = {
    "decisive_error": _("a reviewer's decisive error"),
    "misreading": _("a clear misreading of the proposal"),
    "administrative_error": _("an administrative error"),
    "family": _("family"),
    "mentor": _("mentor"),
    "employment": _("employment"),
    "interest": _("an interest of one's own"),
    "dispute": _("a dispute between us"),
    "other": _("another ground"),
}
