"""Unmodified clients of two generations, with nothing set but HF_ENDPOINT and a token.

Each client runs in an interpreter of its own. The older one lives in an environment that
`make` builds beside ours; it speaks LFS, the newer one Xet.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OLDER = Path(sys.prefix) / "hub-0.36" / "bin" / "python"
CLIENTS = {"2.x": Path(sys.executable), "0.36": OLDER}
CLIENT_S_MAX = 240


def told(hub, python: Path, script: str, *words: str) -> dict:
    done = subprocess.run(
        [python, HERE / script, *words], env=hub.environment, capture_output=True, text=True,
        timeout=CLIENT_S_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("client", CLIENTS)
def test_every_call_of_the_client_does_what_it_says(hub, client) -> None:
    answers = told(hub, CLIENTS[client], "calls.py", f"hana/first-{client}")
    assert {name: answer for name, answer in answers.items() if answer is not True} == {}
    assert len(answers) >= 20


def test_datasets_loads_streams_and_pushes(hub) -> None:
    answers = told(hub, Path(sys.executable), "tables.py")
    assert {name: answer for name, answer in answers.items() if answer is not True} == {}
