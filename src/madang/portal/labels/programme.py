"""Calls, awards, agreements, reports and the year: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.programme.agreements.workflow import AGREEMENT, AMENDMENT
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.workflow import CALL
from madang.programme.checks.workflow import CHECK
from madang.programme.copayments.workflow import COPAYMENT, IN_KIND
from madang.programme.milestones.workflow import MILESTONE
from madang.programme.plans.workflow import GOAL
from madang.programme.reports.workflow import REPORT
from madang.programme.settlements.workflow import SETTLEMENT
from madang.programme.tranches.workflow import TRANCHE
from madang.programme.years.workflow import ROLL_OVER, TREASURY, YEAR

LABELS: dict[str, Callable[[str, str], str]] = {
    "call": CALL.label,
    "application": APPLICATION.label,
    "award": AWARD.label,
    "agreement": AGREEMENT.label,
    "copayment": COPAYMENT.label,
    "milestone": MILESTONE.label,
    "goal": GOAL.label,
    "amendment": AMENDMENT.label,
    "tranche": TRANCHE.label,
    "report": REPORT.label,
    "check": CHECK.label,
    "in_kind": IN_KIND.label,
    "settlement": SETTLEMENT.label,
    "year": YEAR.label,
    "treasury_return": TREASURY.label,
    "roll_over": ROLL_OVER.label,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "treasury_kind": {
        "unspent": ("집행잔액", "unspent grant"),
        "interest": ("이자", "interest"),
    },
}

EXCEPTION_NAMES: dict[str, str | Promise] = {
    "receipt": _("Money to be identified"),
    "deposit": _("Deposit overdue"),
    "bank_line": _("Line of the bank that nothing explains"),
    "payout": _("Payout held or sent back"),
    "deposit_return": _("Return of an own part to approve"),
    "refund": _("Refund that a supplier does not pay"),
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

CONSENT_NAMES: dict[str, str | Promise] = {
    "before_submission": _("A supplier agrees before you hand in."),
    "before_review": _("A supplier agrees before the review begins."),
    "after_award": _("You find a supplier after the award."),
}

OPEN_NAMES: dict[str, str | Promise] = {
    "call": _("Call"),
    "voucher": _("Voucher"),
    "award": _("Award"),
    "statement": _("Statement"),
    "payout": _("Payout"),
    "milestone": _("Milestone"),
    "dispute": _("Disputed amount"),
    "refund": _("Refunds by suppliers"),
}
