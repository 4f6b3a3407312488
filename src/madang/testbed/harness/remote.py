"""A verification as a job of an engine: measured there, judged and signed by the platform.

`script_for` writes the whole job: a Python program that holds the specification and its small
files. It leaves one zip among the job's outputs; where an engine collects none, the zip is
written to the log between two marks.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from madang.core.clock import SystemClock
from madang.testbed.errors import ArchiveMalformed
from madang.testbed.harness.archive import pack, unpack
from madang.testbed.harness.running import limit_s, measure
from madang.testbed.harness.spec import Spec, read_spec

ARCHIVE = "measured.zip"
BEGIN, END = "-----BEGIN MEASURED-----", "-----END MEASURED-----"
SCRIPT_BYTES_MAX = 200 * 1024
SPEC_FILE = "spec.toml"
LINE = 76


def script_for(source: bytes, files: bytes, *, python: str, path: Sequence[str]) -> str:
    """The job's program. `files` is a zip of what the specification names, or empty."""
    held = {"spec": source.decode(), "files": base64.b64encode(files).decode()}
    text = (
        f"#!{python}\nimport sys\nsys.path[:0] = {json.dumps(list(path))}\n"
        "from madang.testbed.harness.remote import perform\n"
        f"perform({json.dumps(held)})\n"
    )
    if len(text.encode()) > SCRIPT_BYTES_MAX:
        raise ArchiveMalformed(reason=f"specification and files: at most {SCRIPT_BYTES_MAX} B")
    return text


def time_limit_s(spec: Spec) -> int:
    """What a job may take at most: every repetition at its own limit."""
    return int((spec.plan.repetitions + 1) * limit_s(spec)) + 1


def perform(job: dict[str, str]) -> None:
    """Inside the job: unpack, measure, leave the archive."""
    with tempfile.TemporaryDirectory(prefix="madang-testbed-") as scratch:
        folder = Path(scratch) / "spec"
        folder.mkdir()
        lay_out(job["spec"].encode(), base64.b64decode(job["files"]), folder)
        out = Path(scratch) / "measured"
        measure(read_spec(folder / SPEC_FILE), out, SystemClock(), _tell)
        leave(out, Path(scratch) / ARCHIVE)


def lay_out(source: bytes, files: bytes, folder: Path) -> None:
    """The specification and its files, as they lay with whoever ordered the run."""
    if files:
        archive = folder / ".files.zip"
        archive.write_bytes(files)
        unpack(archive, folder)
        archive.unlink()
    (folder / SPEC_FILE).write_bytes(source)


def leave(out: Path, archive: Path) -> None:
    outputs = os.environ.get("MADANG_OUTPUTS")
    if outputs:
        pack(out, Path(outputs) / ARCHIVE)
        return
    pack(out, archive)
    text = base64.b64encode(archive.read_bytes()).decode()
    lines = [text[i : i + LINE] for i in range(0, len(text), LINE)]
    sys.stdout.write("\n".join(["", BEGIN, *lines, END, ""]))
    sys.stdout.flush()


def from_log(log: str) -> bytes:
    """The archive that a log holds. Raises ArchiveMalformed."""
    _, begun, rest = log.rpartition(BEGIN)
    body, ended, _ = rest.partition(END)
    if not begun or not ended:
        raise ArchiveMalformed(reason="the log holds no archive")
    try:
        found = base64.b64decode("".join(body.split()), validate=True)
    except ValueError as err:
        raise ArchiveMalformed(reason="the log holds no base64") from err
    if not zipfile.is_zipfile(io.BytesIO(found)):
        raise ArchiveMalformed(reason="the log holds no zip")
    return found


def _tell(number: int, total: int) -> None:
    sys.stderr.write(f"madang-progress: {100 * number // total}\n")
    sys.stderr.flush()
