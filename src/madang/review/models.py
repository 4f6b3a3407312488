"""All tables of this room, where Django looks for them."""

from madang.review.assignments.models import Assignment, AssignmentState, Pledge
from madang.review.panels.models import PanelState, ReviewPanel, Subject
from madang.review.pool.models import Reviewer
from madang.review.rankings.models import Confirmation, RankingRun, RankingState
from madang.review.reviews.models import Review, ReviewComment

__all__ = [
    "Assignment",
    "AssignmentState",
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
