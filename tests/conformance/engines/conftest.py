"""The engines under test: each of them behind the same interface, each of them real."""

from __future__ import annotations

import pytest
from slurm_rig import USER, SlurmRig

from madang.compute.engines.local import LocalEngine, Setup
from madang.compute.engines.types import GrantSpec
from madang.core.ids import uuid7


@pytest.fixture(params=["local", "slurm-rest", "slurm-commands"])
def engine(request: pytest.FixtureRequest, tmp_path):
    if request.param == "local":
        return LocalEngine("here", tmp_path / "engine", Setup(cards=4))
    rig: SlurmRig = request.getfixturevalue("cluster")
    return rig.engine(rest=request.param == "slurm-rest")


@pytest.fixture
def grant(engine):
    """A grant of the engine's, new in each test."""
    gres = "gpu" if isinstance(engine, LocalEngine) else "gpu:h100"
    return engine.ensure_grant(GrantSpec(f"m{uuid7().hex}", USER, gres, 4))
