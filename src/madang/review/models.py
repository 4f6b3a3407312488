"""All tables of this room, where Django looks for them."""

from madang.review.appeals.models import Appeal, AppealState, AppealText
from madang.review.assignments.models import Assignment, AssignmentState, Pledge
from madang.review.challenges.models import Challenge, ChallengeState, ChallengeText
from madang.review.panels.models import PanelState, ReviewPanel, Subject
from madang.review.pool.models import Reviewer
from madang.review.rankings.models import Confirmation, RankingRun, RankingState
from madang.review.reviews.models import Review, ReviewComment

__all__ = [
    "Appeal",
    "AppealState",
    "AppealText",
    "Assignment",
    "AssignmentState",
    "Challenge",
    "ChallengeState",
    "ChallengeText",
    "Confirmation",
    "PanelState",
    "Pledge",
    "RankingRun",
    "RankingState",
    "Review",
    "ReviewComment",
    "ReviewPanel",
    "Reviewer",
    "Subject",
]
