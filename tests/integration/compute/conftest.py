"""What most tests of GPU support begin with."""

from __future__ import annotations

import pytest
from compute_stage import ScriptedEngine, Stage


@pytest.fixture
def stage():
    """A site with its classes, and who may do what there. Needs the database."""
    return Stage()


@pytest.fixture
def engine():
    """An engine that tells what a test writes into it."""
    return ScriptedEngine()
