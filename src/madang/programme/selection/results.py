"""What an applicant learns of the decision: as much as policy discloses, never more.

Comments come without a name, names without a comment, both in an order that tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.models import Membership
from madang.parties.policies.queries import current_policy
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.queries import applications_for
from madang.programme.selection.actions import CONTEXT, SUBJECT
from madang.review.models import (
    Assignment,
    RankingRun,
    ReviewComment,
    Reviewer,
    ReviewPanel,
)
from madang.review.panels.queries import panel_of
from madang.review.rankings.kernel import Line, decimal_text, exact
from madang.review.rankings.queries import last_confirmed, outputs_of
from madang.review.rules import rules_from

DECIDED = (ApplicationState.SELECTED, ApplicationState.RESERVE, ApplicationState.REJECTED)


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that policy keeps to itself is None or empty."""

    state: str
    rank: int | None
    ranked: int | None
    score: str | None
    criteria: tuple[tuple[str, str], ...]
    bonus: str | None
    decided_by: str | None
    comments: tuple[str, ...]
    reviewers: tuple[str, ...]
    ranking: UUID
    run: int


def result_for(actor: Actor, application_id: UUID, *, at: datetime) -> Result:
    """For the applicant, operators and auditors. Raises NotFound before the decision."""
    row = _own(actor, application_id)
    if row.state not in DECIDED or row.rank is None:
        raise NotFound
    panel = panel_of(CONTEXT, row.call_id)
    run = last_confirmed(panel)
    lines = outputs_of(run).lines if run else ()
    line = next((one for one in lines if one.subject == str(row.id)), None)
    if run is None or line is None:
        raise NotFound
    return _disclosed(row, panel, run, line, at)


def roster_for(actor: Actor, application_id: UUID, *, at: datetime) -> list[Reviewer]:
    """Whom the panel asks, for whoever may have to challenge one of them. Who judges which
    application is not told. Raises NotFound where policy keeps the roster closed."""
    row = _own(actor, application_id)
    if not current_policy("disclosure", at).flag("challenge_roster"):
        raise NotFound
    panel = panel_of(CONTEXT, row.call_id)
    return list(
        Reviewer.objects.filter(assignments__subject__panel=panel)
        .select_related("person")
        .distinct()
        .order_by("person__name", "person__email")
    )


def name_of(reviewer: Reviewer, at: datetime) -> str:
    """The name with the institution; the address where no name is known."""
    places = Membership.objects.filter(person=reviewer.person_id, ends_at=None)
    home = places.exclude(organisation=None).select_related("organisation").first()
    name = reviewer.person.name or reviewer.person.email
    return f"{name} ({home.organisation.name_ko})" if home and home.organisation else name


def _own(actor: Actor, application_id: UUID) -> Application:
    row = applications_for(actor).filter(id=application_id).first()
    if row is None or not (
        actor.sees_everything or actor.acts_as(Role.BENEFICIARY, row.organisation_id)
    ):
        raise NotFound
    return row


def _disclosed(
    row: Application, panel: ReviewPanel, run: RankingRun, line: Line, at: datetime
) -> Result:
    policy, rules = current_policy("disclosure", at), rules_from(panel.rules)
    shows = policy.flag("scores")
    counted = (*line.counted, *line.dropped_high, *line.dropped_low)
    bonus = panel.subjects.get(subject_type=SUBJECT, subject_id=row.id).bonus_milli
    return Result(
        state=row.state,
        rank=line.rank if shows else None,
        ranked=len(outputs_of(run).lines) if shows else None,
        score=line.score_text if shows else None,
        criteria=tuple(
            (code, decimal_text(exact(value), rules.decimals))
            for code, value in (line.criteria.items() if shows else ())
        ),
        bonus=decimal_text(exact(f"{bonus}/1000"), rules.decimals) if shows else None,
        decided_by=line.decided_by if shows else None,
        comments=_comments(counted) if policy.flag("review_comments") else (),
        reviewers=_names(counted, at) if policy.flag("reviewer_names") else (),
        ranking=run.id,
        run=run.number,
    )


def _comments(counted: tuple[str, ...]) -> tuple[str, ...]:
    found = ReviewComment.objects.filter(review__assignment__in=[UUID(one) for one in counted])
    return tuple(sorted(found.values_list("text", flat=True)))


def _names(counted: tuple[str, ...], at: datetime) -> tuple[str, ...]:
    rows = Assignment.objects.filter(id__in=[UUID(one) for one in counted]).select_related(
        "reviewer__person"
    )
    return tuple(sorted(name_of(row.reviewer, at) for row in rows))
