"""The match's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.applications.limits import covers
from madang.programme.applications.models import ApplicationState
from madang.programme.errors import MatchTooLate
from madang.programme.matches.models import Match

SUPPLIER = frozenset({Role.SUPPLIER})
BENEFICIARY = frozenset({Role.BENEFICIARY})
BEFORE_REVIEW = (
    ApplicationState.DRAFT,
    ApplicationState.SUBMITTED,
    ApplicationState.RETURNED,
    ApplicationState.ELIGIBLE,
)


def need_supplier(row: Match, actor: Actor, at: datetime) -> None:
    """somebody who sells for this very supplier"""
    actor.need_at(Role.SUPPLIER, row.supplier.organisation_id)


def need_supplier_before_review(row: Match, actor: Actor, at: datetime) -> None:
    """somebody who sells for this very supplier, before the review begins"""
    need_supplier(row, actor, at)
    if row.application.state not in BEFORE_REVIEW:
        raise MatchTooLate(reason="what was agreed stands, once the review has begun")


def need_applicant(row: Match, actor: Actor, at: datetime) -> None:
    """a beneficiary of the applying organisation"""
    actor.need_at(Role.BENEFICIARY, row.application.organisation_id)


def need_applicant_for_more(row: Match, actor: Actor, at: datetime) -> None:
    """a beneficiary of the applying organisation, that asks for more than was agreed to"""
    need_applicant(row, actor, at)
    if covers(row.agreed_microwon, row.application.requested_microwon):
        raise MatchTooLate(reason="the supplier's word covers what is asked for")


MATCH: Workflow[Match] = Workflow(
    noun="match",
    initial="asked",
    states=(
        State("asked", "협의요청", "asked"),
        State("consented", "동의", "agreed to"),
        State("refused", "거절", "refused", final=True),
        State("withdrawn", "철회", "withdrawn", final=True),
    ),
    transitions=(
        Transition(
            "consent", ("asked",), "consented", "동의", "Agree", SUPPLIER, need_supplier
        ),
        Transition("refuse", ("asked",), "refused", "거절", "Refuse", SUPPLIER, need_supplier),
        Transition(
            "withdraw",
            ("consented",),
            "withdrawn",
            "동의 철회",
            "Take the word back",
            SUPPLIER,
            need_supplier_before_review,
        ),
        Transition(
            "take_back",
            ("asked",),
            "withdrawn",
            "요청 철회",
            "Take the request back",
            BENEFICIARY,
            need_applicant,
        ),
        Transition(
            "replace",
            ("consented",),
            "withdrawn",
            "증액 재협의",
            "Ask anew for more",
            BENEFICIARY,
            need_applicant_for_more,
        ),
    ),
)
