"""REST routes of this room, one router per noun."""

from __future__ import annotations

from madang.review.assignments.api import router as assignments
from madang.review.challenges.api import router as challenges
from madang.review.panels.api import router as panels
from madang.review.pool.api import router as pool
from madang.review.rankings.api import router as rankings
from madang.review.reviews.api import router as reviews

ROUTERS = (pool, assignments, reviews, challenges, panels, rankings)
