"""REST routes of this room. Files themselves go by the hub's own protocol."""

from __future__ import annotations

from madang.datahub.access.api import router as access
from madang.datahub.comments.api import router as comments
from madang.datahub.deliveries.api import router as deliveries
from madang.datahub.demand.api import router as demand
from madang.datahub.plan.api import router as plan
from madang.datahub.proposals.api import router as proposals
from madang.datahub.quality.api import router as quality
from madang.datahub.results.api import router as results
from madang.datahub.terms.api import router as terms
from madang.datahub.versions.api import router as versions

ROUTERS = (
    *(versions, quality, access, results, demand, plan, proposals, comments, terms, deliveries),
)
