"""All tables of this room, where Django looks for them."""

from madang.testbed.board.models import BoardReport, BoardStep
from madang.testbed.submissions.models import Submission, SubmissionAppeal

__all__ = ["BoardReport", "BoardStep", "Submission", "SubmissionAppeal"]
