"""Every workflow of the rooms up to this floor, and the page that draws them."""

from __future__ import annotations

from madang.metering.charges.workflow import REFUND
from madang.metering.deposits.workflow import RECEIPT
from madang.metering.disputes.workflow import DISPUTE_END
from madang.metering.invoices.workflow import INVOICE
from madang.metering.payouts.workflow import PAYOUT
from madang.metering.returns.workflow import DEPOSIT_RETURN
from madang.metering.statements.workflow import STATEMENT
from madang.metering.vouchers.workflow import VOUCHER
from madang.parties.joining.workflow import JOIN
from madang.parties.sanctions.workflow import SANCTION
from madang.parties.workflow_drawing import drawing
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

HEAD = """# Workflows

Generated from the tables in the code by `django-admin draw_workflows`; do not edit.
A step is taken by one action, under the guard named here, and leaves one event.
States marked *from the clock* are never stored: they are read from the clock when asked.
"""


def page() -> str:
    """Markdown with one section per noun, in the order in which a programme meets them."""
    parts = {
        "Join request 가입 요청": drawing(JOIN),
        "Call 공고": drawing(CALL),
        "Application 신청": drawing(APPLICATION),
        "Match 사전협의": drawing(MATCH),
        "Assignment 배정": drawing(ASSIGNMENT),
        "Ranking 순위산정": drawing(RANKING),
        "Challenge 기피": drawing(CHALLENGE),
        "Appeal 이의신청": drawing(APPEAL),
        "Award 지원결정": drawing(AWARD),
        "Agreement 협약": drawing(AGREEMENT),
        "Amendment 변경협약": drawing(AMENDMENT),
        "Co-payment 자부담": drawing(COPAYMENT),
        "Receipt 입금": drawing(RECEIPT),
        "Own part in kind 현물": drawing(IN_KIND),
        "Tranche 회차": drawing(TRANCHE),
        "Voucher 이용권": drawing(VOUCHER),
        "Execution check 집행점검": drawing(CHECK),
        "Report 보고서": drawing(REPORT),
        "Statement 정산명세서": drawing(STATEMENT),
        "Tax invoice 세금계산서": drawing(INVOICE),
        "Payout 지급": drawing(PAYOUT),
        "Refund after settlement 정산 후 환불": drawing(REFUND),
        "End of a dispute 분쟁 종결": drawing(DISPUTE_END),
        "Project settlement 과제 정산": drawing(SETTLEMENT),
        "Return of an own part 자부담 반환": drawing(DEPOSIT_RETURN),
        "Clawback 환수": drawing(CLAWBACK),
        "Sanction 제재": drawing(SANCTION),
        "Correction 정정": drawing(CORRECTION),
        "Year 회계연도": drawing(YEAR),
        "Return to the treasury 국고 반납": drawing(TREASURY),
        "Roll-over 이월": drawing(ROLL_OVER),
        "Milestone 단계": drawing(MILESTONE),
        "Goal of a plan 이정표": drawing(GOAL),
        "Flag 의심 표지": drawing(FLAG),
        "Petition 요청": drawing(PETITION),
    }
    return HEAD + "".join(f"\n## {title}\n\n{text}" for title, text in parts.items())
