"""REST routes of this room, one router per noun."""

from __future__ import annotations

from madang.programme.agreements.api import router as agreements
from madang.programme.applications.api import router as applications
from madang.programme.awards.api import router as awards
from madang.programme.banking.api import router as banking
from madang.programme.calls.api import router as calls
from madang.programme.calls.series_api import router as series
from madang.programme.cases.api import router as cases
from madang.programme.copayments.api import router as copayments
from madang.programme.corrections.api import router as corrections
from madang.programme.exceptions.api import router as exceptions
from madang.programme.flags.api import router as flags
from madang.programme.forms.api import router as forms
from madang.programme.matches.api import router as matches
from madang.programme.milestones.api import router as milestones
from madang.programme.petitions.api import router as petitions
from madang.programme.plans.api import router as plans
from madang.programme.reimbursements.api import router as reimbursements
from madang.programme.selection.api import router as selection
from madang.programme.selection.appeals_api import router as appeals
from madang.programme.settlements.api import router as settlements
from madang.programme.tranches.api import router as execution
from madang.programme.years.api import router as years

ROUTERS = (
    calls,
    series,
    forms,
    applications,
    matches,
    selection,
    appeals,
    awards,
    agreements,
    copayments,
    execution,
    settlements,
    milestones,
    reimbursements,
    plans,
    flags,
    cases,
    banking,
    corrections,
    petitions,
    years,
    exceptions,
)
