"""REST routes of this room, one router per noun."""

from __future__ import annotations

from madang.metering.charges.api import router as refunds
from madang.metering.deposits.api import router as deposits
from madang.metering.disputes.api import router as disputes
from madang.metering.exits.api import router as exits
from madang.metering.invoices.api import router as invoices
from madang.metering.keys.api import router as keys
from madang.metering.offerings.api import router as offerings
from madang.metering.payout_holds.api import router as payout_holds
from madang.metering.statements.api import router as statements
from madang.metering.teams.api import router as teams
from madang.metering.usage.api import router as usage
from madang.metering.vouchers.api import router as vouchers

ROUTERS = (
    vouchers,
    refunds,
    keys,
    teams,
    offerings,
    usage,
    deposits,
    statements,
    invoices,
    payout_holds,
    exits,
    disputes,
)
