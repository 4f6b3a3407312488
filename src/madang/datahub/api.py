"""REST routes of this room. Files themselves go by the hub's own protocol."""

from __future__ import annotations

from madang.datahub.access.api import router as access
from madang.datahub.demand.api import router as demand
from madang.datahub.plan.api import router as plan
from madang.datahub.quality.api import router as quality
from madang.datahub.versions.api import router as versions

ROUTERS = (versions, quality, access, demand, plan)
