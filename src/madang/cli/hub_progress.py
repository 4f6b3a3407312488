"""How far a fetch or a take has come, on standard error."""

from __future__ import annotations

import sys

from madang.cli.console import Console
from madang.datahub.client.getting import Tell

STEP_PERCENT = 5


def progress(console: Console) -> Tell:
    """Of bytes, or of files: a line at each twentieth; in a terminal one line that moves."""
    shown = -STEP_PERCENT
    is_terminal = sys.stderr.isatty()

    def tell(done: int, total: int) -> None:
        nonlocal shown
        percent = 100 * done // total if total else 100
        if percent < shown + (1 if is_terminal else STEP_PERCENT):
            return
        shown = percent
        if console.as_json:
            return
        end = "\r" if is_terminal and percent < 100 else "\n"
        sys.stderr.write(f"{percent:3d} %  {done:,} / {total:,}{end}")
        sys.stderr.flush()

    return tell
