"""Every workflow of the rooms up to this floor, and the page that draws them."""

from __future__ import annotations

from madang.metering.payouts.workflow import PAYOUT
from madang.metering.statements.workflow import STATEMENT
from madang.metering.vouchers.workflow import VOUCHER
from madang.parties.workflow_drawing import drawing
from madang.programme.agreements.workflow import AGREEMENT
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.workflow import CALL
from madang.programme.copayments.workflow import COPAYMENT
from madang.programme.flags.workflow import FLAG
from madang.programme.matches.workflow import MATCH
from madang.programme.milestones.workflow import MILESTONE
from madang.programme.plans.workflow import GOAL
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
        "Call 공고": drawing(CALL),
        "Application 신청": drawing(APPLICATION),
        "Match 사전협의": drawing(MATCH),
        "Assignment 배정": drawing(ASSIGNMENT),
        "Ranking 순위산정": drawing(RANKING),
        "Challenge 기피": drawing(CHALLENGE),
        "Appeal 이의신청": drawing(APPEAL),
        "Award 지원결정": drawing(AWARD),
        "Agreement 협약": drawing(AGREEMENT),
        "Co-payment 자부담": drawing(COPAYMENT),
        "Voucher 바우처": drawing(VOUCHER),
        "Statement 정산명세서": drawing(STATEMENT),
        "Payout 지급": drawing(PAYOUT),
        "Milestone 단계": drawing(MILESTONE),
        "Goal of a plan 이정표": drawing(GOAL),
        "Flag 의심 표지": drawing(FLAG),
    }
    return HEAD + "".join(f"\n## {title}\n\n{text}" for title, text in parts.items())
