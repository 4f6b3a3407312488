"""From a site's row to its engine."""

from __future__ import annotations

import base64
import os
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from madang.compute.engines.local import LocalEngine, Setup
from madang.compute.engines.slurm import SlurmEngine, SlurmSettings
from madang.compute.engines.types import Engine
from madang.compute.errors import EngineUnwell
from madang.compute.sites.models import EngineKind, Site
from madang.compute.sites.queries import cards_at
from madang.core.clock import CLOCK_FILE, is_test_mode

NOBODY = "nobody"
ENGINES_KEPT = 64


def engine_for(site: Site, at: datetime) -> Engine:
    """Raises EngineUnwell when the engine cannot even be addressed."""
    data = Path(settings.DATA_DIR)
    if site.engine == EngineKind.LOCAL:
        clock_dir = str(data) if is_test_mode() or (data / CLOCK_FILE).exists() else ""
        setup = Setup(cards=cards_at(site, at), user=_local_user(site), clock_dir=clock_dir)
        return LocalEngine(site.code, local_root(site), setup)
    return _slurm(slurm_settings(site))


@lru_cache(maxsize=ENGINES_KEPT)
def _slurm(settings: SlurmSettings) -> SlurmEngine:
    """Kept with its token while nothing about its site changes, its secret neither."""
    return SlurmEngine(settings)


def local_root(site: Site) -> Path:
    """The folder of a site of one machine."""
    return Path(settings.DATA_DIR) / "compute" / site.code


def slurm_settings(site: Site) -> SlurmSettings:
    """Raises EngineUnwell when the site's secret is not there."""
    data, records = Path(settings.DATA_DIR), Path(site.records) if site.records else None
    return SlurmSettings(
        site=site.code,
        cluster=site.cluster,
        user=site.user,
        address=site.address,
        jwt_key=_secret(site, data) if site.address else b"",
        partition=site.partition,
        logs=records / "logs" if records else None,
        records=records,
    )


def _secret(site: Site, data: Path) -> bytes:
    """The key that signs tokens: env:NAME holds it in base64, file:NAME is it, as Slurm's own.

    Raises EngineUnwell when it is not there.
    """
    kind, _, name = site.auth.partition(":")
    try:
        if kind == "env":
            return base64.b64decode(os.environ[name], validate=True)
        return (data / "secrets" / Path(name).name).read_bytes()
    except (KeyError, OSError, ValueError) as err:
        raise EngineUnwell(site=site.code, reason=f"no secret {site.auth}") from err


def _local_user(site: Site) -> str:
    """Another user where the platform may change users; its own only in test mode."""
    if site.user:
        return site.user
    return "" if is_test_mode() or os.geteuid() != 0 else NOBODY
