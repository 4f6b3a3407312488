"""REST routes of this room: the board, and what makers hand in."""

from __future__ import annotations

from madang.testbed.board.api import router as board
from madang.testbed.submissions.api import router as submissions

ROUTERS = (board, submissions)
