"""REST routes of this room, one router per noun."""

from __future__ import annotations

from madang.programme.applications.api import router as applications
from madang.programme.calls.api import router as calls

ROUTERS = (calls, applications)
