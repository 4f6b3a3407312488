"""An installation for tests of the command: real folder, real PostgreSQL, real processes."""

from __future__ import annotations

import atexit
import fcntl
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from madang.cli.installation import make_folders
from madang.cli.postgres import EmbeddedPostgres

FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "50"}
COMMAND_S_MAX = 400  # the first command of a house makes all its tables


@dataclass(frozen=True)
class Told:
    """What one command answered."""

    code: int
    data: dict
    errors: str

    @property
    def error(self) -> dict:
        return self.data["error"]


@dataclass(frozen=True)
class House:
    """A data folder, and the command that works on it."""

    data: Path

    def environment(self, *, test_mode: bool = True) -> dict[str, str]:
        """What a command is told: this folder, and nothing of the test's own Django."""
        found = {**os.environ, "MADANG_DATA": str(self.data), "LANG": "C.UTF-8"}
        for name in ("DATABASE_URL", "MADANG_SECRET_KEY", "DJANGO_SETTINGS_MODULE"):
            found.pop(name, None)
        found.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of commands: compile once
        return {**found, "MADANG_TEST": "1" if test_mode else "0"}

    def madang(self, *words: str, test_mode: bool = True) -> Told:
        end = words.index("--") if "--" in words else len(words)
        done = subprocess.run(
            [sys.executable, "-m", "madang.cli", *words[:end], "--json", *words[end:]],
            env=self.environment(test_mode=test_mode),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        assert done.stdout.count("\n") == 1, (done.stdout, done.stderr)
        return Told(done.returncode, json.loads(done.stdout), done.stderr)

    def apply(self, text: str, *words: str, test_mode: bool = True) -> Told:
        path = self.data / "declared.toml"
        path.write_text(text, encoding="utf-8")
        return self.madang("apply", str(path), *words, test_mode=test_mode)


@contextmanager
def standing_house() -> Iterator[House]:
    """A house whose server runs until the end: the test is one of its users."""
    with folder_for_a_house() as data:
        subprocess.run(["cp", "-a", f"{_at_rest()}/.", str(data)], check=True)  # owners, too
        with _serving(data):
            yield House(data)


@contextmanager
def folder_for_a_house() -> Iterator[Path]:
    """Not under pytest's own folder: that one is closed to the server's own user."""
    data = Path(tempfile.mkdtemp(prefix="madang-house-"))
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


@functools.cache
def _at_rest() -> Path:
    """A house with all its tables and no server, made once: the others are copies of it."""
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    data = until_the_end.enter_context(folder_for_a_house())
    make_folders(data)
    with _serving(data):
        told = House(data).madang("migrate")
        assert told.code == 0, told
    return data


@contextmanager
def _serving(data: Path) -> Iterator[None]:
    server = EmbeddedPostgres(data / "postgres")
    with (data / "run" / "postgres.users").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        server.start(FAST)
        try:
            yield
        finally:
            server.stop()
