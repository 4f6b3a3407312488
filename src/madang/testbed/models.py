"""All tables of this room, where Django looks for them."""

from madang.testbed.board.models import BoardReport, BoardStep

__all__ = ["BoardReport", "BoardStep"]
