"""The installation's clock, as the portal reads it."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from madang.core.clock import Clock, clock_for


@cache
def portal_clock() -> Clock:
    """Movable in test mode only; every process of the installation reads the same one."""
    return clock_for(settings.DATA_DIR)
