from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway_parts.stage import Stage


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory):
    """One stage for all tests here: each makes vouchers of its own."""
    found = Stage(tmp_path_factory.mktemp("gateway"))
    yield found
    found.close()
