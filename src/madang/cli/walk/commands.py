"""The `madang` command as a stranger calls it: a process, one JSON object, an exit code."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from madang.cli.processes import own_command
from madang.cli.walk.errors import StepRefused
from madang.cli.walk.portal import Body

COMMAND_S_MAX = 300


class Commands:
    def __init__(self, data: Path) -> None:
        self._data = data

    def run(self, *words: str) -> Body:
        """Raises StepRefused when the command exits with anything but 0."""
        return self.plain(*words, "--data", str(self._data))

    def plain(self, *words: str) -> Body:
        """The same for a command that needs no installation."""
        done = subprocess.run(
            own_command(*words, "--json"),
            env={**os.environ, "MADANG_TEST": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        answer = json.loads(done.stdout or b"{}")
        assert isinstance(answer, dict), words
        if done.returncode != 0:
            said = (answer.get("error") or {}).get("message", done.stderr.decode()[-500:])
            name = f"madang {' '.join(words[:2])}"
            raise StepRefused(operation=name, status=done.returncode, said=str(said))
        return answer
