"""REST routes of this room: grants, jobs, sites and what was found."""

from __future__ import annotations

from madang.compute.findings.api import router as findings
from madang.compute.grants.api import router as grants
from madang.compute.grants.requests_api import router as requests
from madang.compute.jobs.api import router as jobs
from madang.compute.jobs.doubts_api import router as doubts
from madang.compute.sites.api import router as sites

ROUTERS = (sites, grants, requests, jobs, doubts, findings)
