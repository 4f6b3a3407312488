"""From a site's row to its engine."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from django.conf import settings

from madang.compute.engines.local import LocalEngine, Setup
from madang.compute.engines.types import Engine
from madang.compute.sites.models import EngineKind, Site
from madang.compute.sites.queries import cards_at
from madang.core.clock import CLOCK_FILE, is_test_mode

NOBODY = "nobody"


def engine_for(site: Site, at: datetime) -> Engine:
    """Raises EngineUnwell when the engine cannot even be addressed."""
    data = Path(settings.DATA_DIR)
    if site.engine == EngineKind.LOCAL:
        clock_dir = str(data) if is_test_mode() or (data / CLOCK_FILE).exists() else ""
        setup = Setup(cards=cards_at(site, at), user=_local_user(site), clock_dir=clock_dir)
        return LocalEngine(site.code, data / "compute" / site.code, setup)
    raise NotImplementedError(site.engine)


def _local_user(site: Site) -> str:
    """Another user where the platform may change users; its own only in test mode."""
    if site.user:
        return site.user
    return "" if is_test_mode() or os.geteuid() != 0 else NOBODY
