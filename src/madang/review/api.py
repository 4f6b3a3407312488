"""REST routes of this room, one router per noun."""

from __future__ import annotations

from madang.review.assignments.api import router as assignments
from madang.review.rankings.api import router as rankings
from madang.review.reviews.api import router as reviews

ROUTERS = (assignments, reviews, rankings)
