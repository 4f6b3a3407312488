"""What a confirmed ranking does to the applications of its call, the first time and again.

The first time every application is `scored`. When a ranking supersedes a confirmed one, awards
that were signed stay as they are; offers that nobody signed follow the new order; whoever is
selected anew is paid from what the call has left. Money is given back before it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from madang.parties.actor import Actor
from madang.programme.applications.actions import locked_applications
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.notices import tell_applicants
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.actions import offer_award, revoke_offer
from madang.programme.awards.models import Award, AwardState
from madang.programme.calls.models import Call
from madang.programme.calls.workflow import CALL
from madang.programme.selection.peers import failed_peers
from madang.review.errors import RankingStale
from madang.review.models import RankingRun, ReviewPanel
from madang.review.rankings.kernel import Line
from madang.review.rankings.queries import outputs_of

OUTCOMES = {
    "selected": ("select", None),
    "reserve": ("hold", "programme.application.reserve"),
    "rejected": ("reject", "programme.application.rejected"),
}
RANKED = (
    ApplicationState.SCORED,
    ApplicationState.SELECTED,
    ApplicationState.RESERVE,
    ApplicationState.REJECTED,
)
ENDED = (AwardState.LAPSED, AwardState.DECLINED)
Lines = Mapping[UUID, Line]


def decide(actor: Actor, call: Call, run: RankingRun, at: datetime) -> None:
    """Move every ranked application, make the awards in order of rank, tell whom it concerns.

    A subject that was withdrawn is in no ranking; one that slips away while the ranking is
    confirmed refuses the whole. The caller holds the call's lock.
    """
    ranked = {UUID(line.subject): line for line in outputs_of(run).lines}
    rows = [row for row in locked_applications(call, *RANKED) if row.id in ranked]
    if {row.id for row in rows} != set(ranked):
        raise RankingStale
    for row in rows:
        row.rank = ranked[row.id].rank
    Application.objects.bulk_update(rows, ["rank"])
    moved = [row for row in rows if _is_moved(row, ranked)]
    _take_back(actor, moved, at)
    again = [row for row in moved if row.state != ApplicationState.SCORED]
    APPLICATION.move_all(again, "reconsider", actor, at=at)
    _give(actor, moved, ranked, at)
    CALL.move(call, "decide", actor, at=at, facts={"ranking": str(run.id)})


def note_standings(panel: ReviewPanel, call: Call, at: datetime) -> None:
    """Write down what earlier decisions leave untouched, and which peers failed their duty,
    for the ranking to read.

    Locks the call's awards, so that none is signed between this and the decision.
    """
    awards = Award.objects.select_for_update().filter(call=call).order_by("id")
    latest = {award.application_id: award for award in awards}
    states = dict(call.applications.values_list("id", "state"))
    failed = failed_peers(call, panel, at)
    for subject in panel.subjects.all():
        standing = _standing_of(states.get(subject.subject_id), latest.get(subject.subject_id))
        if not standing and subject.subject_id in failed:
            standing = "failed"
        if subject.standing != standing:
            subject.standing = standing
            subject.save(update_fields=["standing"])


def _standing_of(state: str | None, award: Award | None) -> str:
    """An offer that nobody signed stands for nothing; a revoked one has left `selected`."""
    if state != ApplicationState.SELECTED or award is None:
        return ""
    if award.state in ENDED:
        return "gone"
    return "" if award.state == AwardState.OFFERED else "kept"


def _is_moved(row: Application, ranked: Lines) -> bool:
    outcome = ranked[row.id].outcome
    return outcome not in {"gone", row.state}


def _take_back(actor: Actor, rows: Sequence[Application], at: datetime) -> None:
    """P4r for offers whose application fell: first, so that their money can be given anew."""
    offers = Award.objects.select_for_update(of=("self",)).select_related(
        "call__programme_year__programme", "application", "organisation", "supplier", "voucher"
    )
    fallen = [row.id for row in rows if row.state == ApplicationState.SELECTED]
    for award in offers.filter(application__in=fallen, state=AwardState.OFFERED).order_by("id"):
        revoke_offer(actor, award, reason="superseding ranking", at=at)


def _give(actor: Actor, rows: Sequence[Application], ranked: Lines, at: datetime) -> None:
    for outcome, (move, notice) in OUTCOMES.items():
        mine = [row for row in rows if ranked[row.id].outcome == outcome]
        APPLICATION.move_all(
            mine, move, actor, at=at, facts=lambda row: {"rank": ranked[row.id].rank}
        )
        if notice is not None:
            tell_applicants(mine, notice, at)
            continue
        for row in sorted(mine, key=lambda row: ranked[row.id].rank):
            offer_award(actor, row, at=at)
