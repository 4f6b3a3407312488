"""Refusals of this room.

Malformed
├── RulesInvalid            a rule cannot be taken
└── ScoreInvalid            missing, unknown, or out of range
NotAllowed
├── ConflictOfInterest      이해충돌: the person is too near to a party
└── NotYourAssignment       somebody else's, or not pledged for
Refused
├── NotAReviewer            outside the pool, or suspended from it
├── PanelFull
├── LoadExceeded            the reviewer has as many assignments as policy allows
├── BelowQuorum             too few submitted reviews to rank
├── NothingToRank
├── ReasonMissing
├── ReviewerBarred          a challenge against this reviewer was upheld
├── NotApart                sat on the panel whose decision is appealed against
├── SeatTaken               its reviewer has not left it
├── NobodyFree              no reviewer without a conflict and with time is left
├── GroundNotAllowed        policy does not list the ground
├── AppealLate              the window has ended
├── NotDecidedYet           there is no decision to appeal against
├── FollowUpMissing         an upheld appeal changed nothing yet
└── PledgeMissing           no pledge for this very subject
Conflict
├── AlreadyAssigned
├── AlreadyDeclared         the other answer was given before
├── PanelExists             the same context with other rules
├── PanelDecided            the ranking stands: nothing is scored any more
├── ReviewSubmitted         a submitted review is never changed
├── RankingStale            something changed since it was computed
└── AlreadyConfirmed        by this very person
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Conflict, Malformed, NotAllowed, Refused


class RulesInvalid(Malformed):
    code: ClassVar[str] = "review.rules.invalid"


class ScoreInvalid(Malformed):
    code: ClassVar[str] = "review.score.invalid"


class ConflictOfInterest(NotAllowed):
    code: ClassVar[str] = "review.conflict.found"
    in_words: ClassVar[frozenset[str]] = NotAllowed.in_words | {"conflict"}


class NotYourAssignment(NotAllowed):
    code: ClassVar[str] = "review.assignment.not_yours"


class NotAReviewer(Refused):
    code: ClassVar[str] = "review.reviewer.not_in_pool"


class PanelFull(Refused):
    code: ClassVar[str] = "review.panel.full"


class LoadExceeded(Refused):
    code: ClassVar[str] = "review.reviewer.load_exceeded"


class BelowQuorum(Refused):
    code: ClassVar[str] = "review.ranking.below_quorum"


class NothingToRank(Refused):
    code: ClassVar[str] = "review.ranking.empty"


class ReasonMissing(Refused):
    code: ClassVar[str] = "review.reason.missing"


class ReviewerBarred(Refused):
    code: ClassVar[str] = "review.reviewer.barred"


class NotApart(Refused):
    code: ClassVar[str] = "review.reviewer.not_apart"


class NobodyFree(Refused):
    code: ClassVar[str] = "review.reviewer.nobody_free"


class GroundNotAllowed(Refused):
    code: ClassVar[str] = "review.ground.not_allowed"
    ground: str
    allowed: str


class AppealLate(Refused):
    code: ClassVar[str] = "review.appeal.late"


class NotDecidedYet(Refused):
    code: ClassVar[str] = "review.appeal.not_decided_yet"


class FollowUpMissing(Refused):
    code: ClassVar[str] = "review.appeal.follow_up_missing"


class PledgeMissing(Refused):
    code: ClassVar[str] = "review.pledge.missing"
    http_status: ClassVar[int] = 403


class SeatTaken(Refused):
    code: ClassVar[str] = "review.assignment.seat_taken"
    in_words: ClassVar[frozenset[str]] = Refused.in_words | {"state"}


class AlreadyAssigned(Conflict):
    code: ClassVar[str] = "review.assignment.exists"
    in_words: ClassVar[frozenset[str]] = Conflict.in_words | {"state"}


class AlreadyDeclared(Conflict):
    code: ClassVar[str] = "review.interest.declared_differently"


class PanelExists(Conflict):
    code: ClassVar[str] = "review.panel.exists_with_different_rules"


class PanelDecided(Conflict):
    code: ClassVar[str] = "review.panel.decided"


class ReviewSubmitted(Conflict):
    code: ClassVar[str] = "review.review.submitted_already"


class RankingStale(Conflict):
    code: ClassVar[str] = "review.ranking.stale"


class AlreadyConfirmed(Conflict):
    code: ClassVar[str] = "review.ranking.confirmed_by_you"
    http_status: ClassVar[int] = 403
