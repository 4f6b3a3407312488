"""A hub with a builder, served by the real portal, and what a client needs to reach it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.yard import Yard, open_yard

TOKEN = "mdp_test_builder"
DECLARED = f"""
[[organisation]]
code = "hana"
name = {{ ko = "하나", en = "Hana" }}
kind = "sme"

[[organisation]]
code = "bada"
name = {{ ko = "바다", en = "Bada" }}
kind = "sme"

[[person]]
email = "b@hana.example"
organisation = "hana"
roles = ["builder"]
token = "{TOKEN}"

[[person]]
email = "b@bada.example"
organisation = "bada"
roles = ["builder"]
token = "mdp_test_stranger"

[[person]]
email = "op@agency.example"
organisation = "bada"
roles = ["operator"]
token = "mdp_test_operator"
"""


@dataclass(frozen=True)
class Hub:
    """The address, and the environment of a client that sets nothing but these."""

    yard: Yard
    home: Path

    @property
    def url(self) -> str:
        return self.yard.url

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "HF_HOME": str(self.home / "hf"),
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": TOKEN,
        }


@pytest.fixture(scope="package")
def yard(postgres_urls) -> Yard:
    folder = Path(tempfile.mkdtemp(prefix="madang-hub-"))
    with open_yard(postgres_urls.superuser, folder, DECLARED) as opened:
        yield opened
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hub(yard, tmp_path) -> Hub:
    return Hub(yard, tmp_path)
