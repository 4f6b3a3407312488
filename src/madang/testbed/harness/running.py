"""One whole verification: freeze, predict, check the answers, measure, judge, sign."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from madang import __version__
from madang.core.clock import Clock, rfc3339
from madang.testbed.errors import LogMalformed, OutputExists
from madang.testbed.harness import signing
from madang.testbed.harness.answers import reference_for
from madang.testbed.harness.files import (
    FROZEN,
    HARNESS,
    MEASURED,
    PREDICTION,
    PUBLIC_KEY,
    REPORT,
    SPEC,
    compared,
    read_table,
    sha256_of,
)
from madang.testbed.harness.judging import REFERENCE, judge, run_folder
from madang.testbed.harness.power import keep_readings, power_figures
from madang.testbed.harness.predicting import Predicted, prediction_for
from madang.testbed.harness.samples import Samples, load_samples
from madang.testbed.harness.spec import Spec, spec_from

CHUNK_BYTES = 1 << 20
PACKAGES = ("mlcommons-loadgen", "numpy", "onnx", "onnxruntime", "cryptography", "httpx")
STARTING_S = 120.0
FILE_BYTES_MAX = 8 << 30

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A signed report and where it lies."""

    report: dict[str, object]
    path: Path
    public_key: Path
    sha256: str


def tested_files(spec: Spec) -> dict[str, str]:
    """The model and every file that the command names, by digest."""
    names = [spec.subject.model] if spec.subject.model and spec.subject.kind != "openai" else []
    names += [spec.data.file] if spec.data.file else []
    found = {name: spec.path(name) for name in names}
    for word in spec.subject.command:
        path = Path(word) if Path(word).is_absolute() else spec.folder / word
        if path.is_file() and path.stat().st_size <= FILE_BYTES_MAX:
            found[Path(word).name] = path
    return {name: sha256_of(path) for name, path in sorted(found.items()) if path.is_file()}


def environment() -> dict[str, object]:
    """The machine and the packages, without names of hosts, users or folders."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return {
        "madang": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "packages": versions,
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    names = (
        line.partition(":")[2] for line in text.splitlines() if line.startswith("model name")
    )
    return next(names, "").strip() or platform.processor()


def _write(path: Path, value: object) -> None:
    path.write_bytes(signing.canonical(value) + b"\n")


def run_spec(spec: Spec, out: Path, key: Ed25519PrivateKey, clock: Clock, tell: Tell) -> Made:
    """Everything, in the order that the report promises. A failed run makes a report, too."""
    measure(spec, out, clock, tell)
    return sign_measured(out, key, clock)


def measure(spec: Spec, out: Path, clock: Clock, tell: Tell) -> None:
    """Freeze, predict, run: all raw files and no word about them. No key is near a device."""
    if (out / REPORT).exists() or (out / MEASURED).exists():
        raise OutputExists(file=str(out))
    samples = load_samples(spec)
    predicted = prediction_for(spec, samples)
    out.mkdir(parents=True, exist_ok=True)
    _freeze(spec, samples, out, predicted, clock)
    total = spec.plan.repetitions + 1
    spans = []
    for number in range(total):
        tell(number, total)
        spans.append(_repeat(spec, out, number, predicted, clock))
    keep_readings(spec, out)
    runs = [{"began_at": began, "ended_at": ended} for began, ended in spans]
    _write(out / MEASURED, {"files": all_files(spec), "runs": runs})


def sign_measured(out: Path, key: Ed25519PrivateKey, clock: Clock) -> Made:
    """Judge what lies in a folder and sign it: from the files alone, wherever made."""
    report = _reported(out, clock)
    payload = signing.statement(_digests(out), report)
    (out / REPORT).write_bytes(signing.sign(payload, key))
    (out / PUBLIC_KEY).write_bytes(signing.public_pem(key.public_key()))
    return Made(report, out / REPORT, out / PUBLIC_KEY, sha256_of(out / REPORT))


def all_files(spec: Spec) -> dict[str, str]:
    """What is tested, and the harness itself."""
    return {**tested_files(spec), HARNESS: own_digest()}


def own_digest() -> str:
    """Of the programs that measure and judge."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(here.rglob("*.py")):
        digest.update(f"{path.relative_to(here).as_posix()} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _freeze(
    spec: Spec, samples: Samples, out: Path, predicted: Predicted, clock: Clock
) -> None:
    """Specification, files, data, machine, reference and prediction: before the first run."""
    (out / SPEC).write_bytes(spec.source)
    _write(out / PREDICTION, {**predicted.as_dict(), "recorded_at": rfc3339(clock.now())})
    _write(out / REFERENCE, [one.hex() for one in reference_for(spec, samples)])
    frozen: dict[str, object] = {
        "spec_sha256": hashlib.sha256(spec.source).hexdigest(),
        "prediction_sha256": sha256_of(out / PREDICTION),
        "reference_sha256": sha256_of(out / REFERENCE),
        "samples": samples.count,
        "samples_sha256": samples.sha256(),
        "files": all_files(spec),
        "environment": environment(),
        "frozen_at": rfc3339(clock.now()),
    }
    _write(out / FROZEN, frozen)


def _repeat(
    spec: Spec, out: Path, number: int, predicted: Predicted, clock: Clock
) -> tuple[str, str]:
    """One repetition in a fresh process, stopped with all it started at its own limit."""
    folder = run_folder(out, number)
    folder.mkdir(parents=True)
    job = {
        "mode": "performance" if number else "accuracy",
        "repetition": number,
        "pace_first_s": predicted.pace.first_s,
        "pace_token_s": predicted.pace.token_s,
        "frozen_sha256": sha256_of(out / FROZEN),
    }
    _write(folder / "job.json", job)
    began = rfc3339(clock.now())
    module = "madang.testbed.harness"
    words = [sys.executable, "-m", module, str(folder / "job.json"), str(out / SPEC)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*words, str(spec.folder)],
            env={**os.environ, "PYTHONPATH": _own_path()},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        _await(process, limit_s(spec), folder)
        _keep(said.fileno(), folder / "stderr.txt")
    return began, rfc3339(clock.now())


def _keep(said: int, path: Path) -> None:
    """What was said until now, in a file of its own: who outlived the run (a process in a
    session of its own) may still write, but not into what is signed."""
    length = os.fstat(said).st_size
    with path.open("wb") as kept:
        for start in range(0, length, CHUNK_BYTES):
            kept.write(os.pread(said, min(CHUNK_BYTES, length - start), start))


def _own_path() -> str:
    """Where this program's packages lie, wherever the child is started."""
    return os.pathsep.join(str(Path(one).resolve()) for one in sys.path if one)


def limit_s(spec: Spec) -> float:
    """Starting, the run itself with what LoadGen adds, and every sample at its slowest once."""
    plan = spec.plan
    return STARTING_S + 4 * plan.min_duration_s + 10 * plan.query_s_max


def _await(process: subprocess.Popen[bytes], wait_s: float, folder: Path) -> None:
    try:
        process.wait(timeout=wait_s)
    except subprocess.TimeoutExpired:
        trouble = {"kind": "too_long", "detail": f"stopped after {wait_s:g} s"}
        _write(folder / "outcome.json", {"trouble": trouble})
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reported(out: Path, clock: Clock) -> dict[str, object]:
    spec = spec_from((out / SPEC).read_bytes(), out)
    predicted, frozen = read_table(out / PREDICTION), read_table(out / FROZEN)
    predicted.pop("recorded_at", None)
    if not isinstance(predicted.get("value"), float):
        raise LogMalformed(file=PREDICTION, reason="no value")
    runs = runs_of(out)
    judged = judge(spec, out)
    spans = [(str(one["began_at"]), str(one["ended_at"])) for one in runs]
    return {
        "device": spec.device,
        "maker": spec.maker,
        "site": spec.site,
        "kind": spec.subject.kind,
        "model": spec.model,
        "scenario": spec.scenario.name,
        "profile": spec.plan.profile,
        "load_generator": "MLCommons LoadGen",
        **judged,
        "prediction": compared(predicted, judged),
        "power": power_figures(spec, out, spans[1:], judged),
        "frozen": frozen,
        "runs": runs,
        "reported_at": rfc3339(clock.now()),
    }


def runs_of(out: Path) -> list[dict[str, str]]:
    """When each repetition began and ended."""
    rows = read_table(out / MEASURED).get("runs")
    if not isinstance(rows, list):
        raise LogMalformed(file=MEASURED, reason="no runs")
    try:
        found = [{name: str(one[name]) for name in ("began_at", "ended_at")} for one in rows]
        for one in found:
            for text in one.values():
                datetime.fromisoformat(text)
    except (KeyError, TypeError, ValueError) as err:
        raise LogMalformed(file=MEASURED, reason="a run without its times") from err
    return found


def _digests(out: Path) -> dict[str, str]:
    """Every file of the report but the report itself."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {
        path.relative_to(out).as_posix(): sha256_of(path)
        for path in files
        if path.name not in {REPORT, PUBLIC_KEY}
    }
