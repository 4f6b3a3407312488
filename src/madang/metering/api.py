"""REST routes of this room, one router per noun."""

from __future__ import annotations

from madang.metering.keys.api import router as keys
from madang.metering.offerings.api import router as offerings
from madang.metering.statements.api import router as statements
from madang.metering.usage.api import router as usage
from madang.metering.vouchers.api import router as vouchers

ROUTERS = (vouchers, keys, offerings, usage, statements)
