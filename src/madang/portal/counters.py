"""What django-allauth counts: wrong sign-ins, and codes of a second factor that were used.

Every worker of the portal must see the same, or a code would be good once in each of them.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

from django.core.cache.backends.filebased import FileBasedCache


class Counters(FileBasedCache):
    """Files that all workers share. Django's own looks and then writes: of two workers that add
    the same at once, both would be told that they were first."""

    def __init__(self, folder: str, params: dict[str, object]) -> None:
        super().__init__(folder, params)
        self._folder = Path(folder)

    def add(self, *what: Any, **terms: Any) -> bool:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # somebody may empty `run`
        with (self._folder / "lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # let go when it is closed
            return super().add(*what, **terms)
