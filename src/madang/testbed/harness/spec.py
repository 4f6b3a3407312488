"""SPEC.toml: what is tested, on what, how, against what, and what is expected beforehand."""

from __future__ import annotations

import importlib.util
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from madang.testbed.errors import FileMissing, SpecMalformed
from madang.testbed.harness.table import Table

SPEC_BYTES_MAX = 1 << 20
KINDS = ("onnxruntime", "process", "openai", "simulated")
SCENARIOS = ("Offline", "SingleStream", "Server", "LLM")
PROFILES = ("official", "quick")
METRICS = ("top1", "close", "exact", "none")
POWER_CLASSES = ("none", "wall", "counter", "estimate")
PREDICTIONS = ("stated", "roofline", "systolic", "serving")
REPETITIONS_MIN, REPETITIONS_MAX = 5, 100
OFFICIAL_MIN_DURATION_S = 600.0
QUERIES_MAX = 80_000_000
"""LoadGen makes its queries beforehand, 300 bytes each (Offline: 210 a sample)."""
NOWHERE = Path("/nonexistent")
"""The folder of a specification that is read, not run."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The system under test. Fields that its kind does not use are empty."""

    kind: str
    model: str = ""
    command: tuple[str, ...] = ()
    address: str = ""
    key_variable: str = ""
    concurrency: int = 1


@dataclass(frozen=True, slots=True)
class Data:
    """Samples: a file, or as many as asked for from a seed between two bounds."""

    file: str
    samples: int
    seed: int
    low: float
    high: float
    fixed: tuple[tuple[str, float], ...]
    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    expected_qps: float
    latency_ms: float
    ttft_ms: float
    tpot_ms: float

    @property
    def percentile(self) -> float:
        """LoadGen's: p90 for one stream, p99 where a limit is promised."""
        return 0.9 if self.name == "SingleStream" else 0.99

    @property
    def has_tokens(self) -> bool:
        return self.name == "LLM"


@dataclass(frozen=True, slots=True)
class Accuracy:
    metric: str
    reference: str
    target: float
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often; `official` leaves nothing to choose."""

    profile: str
    repetitions: int
    min_duration_s: float
    query_s_max: float
    seed: int

    @property
    def comparable(self) -> bool:
        return self.profile == "official"


@dataclass(frozen=True, slots=True)
class Power:
    """How power was measured. Only a meter at the wall or a counter gives a measured figure."""

    kind: str
    instrument: str
    readings: str

    @property
    def measured(self) -> bool:
        return self.kind in ("wall", "counter")


@dataclass(frozen=True, slots=True)
class Prediction:
    kind: str
    value: float
    macs_per_s: float
    rows: int
    columns: int
    dataflow: str
    clock_mhz: float
    device: str
    model: str
    dtype: str
    input_tokens: int
    output_tokens: int
    batch: int
    cards: int


@dataclass(frozen=True, slots=True)
class Spec:
    device: str
    maker: str
    site: str
    name: str
    subject: Subject
    data: Data
    scenario: Scenario
    accuracy: Accuracy
    plan: Plan
    power: Power
    prediction: Prediction
    folder: Path
    source: bytes

    @property
    def model(self) -> str:
        """What runs on the device, by the name that a board groups by."""
        file = PurePosixPath(self.subject.model).name.removesuffix(".onnx")
        return self.name or file or self.prediction.model

    def path(self, name: str) -> Path:
        return located(name, self.folder)


def located(name: str, folder: Path) -> Path:
    """A file beside the specification, or inside an installed package: `wheel:PACKAGE/PATH`."""
    if not name.startswith("wheel:"):
        return (folder / name).resolve()
    package, _, inside = name.removeprefix("wheel:").partition("/")
    if not package.isidentifier() or ".." in PurePosixPath(inside).parts:
        raise SpecMalformed(field="model", reason="wheel:PACKAGE/PATH")
    found = importlib.util.find_spec(package)
    places = list(found.submodule_search_locations or []) if found else []
    if not places:
        raise FileMissing(what=f"package {package}", file=name)
    return Path(places[0]) / inside


def read_spec(path: Path) -> Spec:
    """A specification from its file. Refuses every field it does not know."""
    if not path.is_file():
        raise FileMissing(what="specification", file=str(path))
    source = path.read_bytes()
    if len(source) > SPEC_BYTES_MAX:
        raise SpecMalformed(field=path.name, reason="at most 1 MiB")
    return spec_from(source, path.resolve().parent)


def spec_from(source: bytes, folder: Path) -> Spec:
    try:
        rows = tomllib.loads(source.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise SpecMalformed(field="TOML", reason=str(err).rstrip(".")) from err
    top = Table("", rows)
    scenario = _scenario(top.table("scenario"))
    spec = Spec(
        device=top.text("device"),
        maker=top.text("maker"),
        site=top.text("site", ""),
        name=top.text("model", ""),
        subject=_subject(top.table("subject")),
        data=_data(top.table("data")),
        scenario=scenario,
        accuracy=_accuracy(top.table("accuracy")),
        plan=_plan(top.table("run")),
        power=_power(top.table("power")),
        prediction=_prediction(top.table("prediction")),
        folder=folder,
        source=source,
    )
    top.end()
    _together(spec)
    return spec


def _together(spec: Spec) -> None:
    """What no table can know alone."""
    if spec.scenario.expected_qps * spec.plan.min_duration_s > QUERIES_MAX:
        reason = f"at most {QUERIES_MAX / spec.plan.min_duration_s:,.0f} for so long a run"
        raise SpecMalformed(field="scenario.expected_qps", reason=reason)
    if spec.scenario.has_tokens and spec.subject.kind == "onnxruntime":
        raise SpecMalformed(field="scenario.name", reason="onnxruntime streams no tokens")
    if spec.subject.kind == "openai" and not spec.scenario.has_tokens:
        raise SpecMalformed(field="scenario.name", reason="an endpoint is tested as LLM")
    if spec.subject.kind == "simulated":
        wanted = "serving" if spec.scenario.has_tokens else "systolic"
        if spec.prediction.kind != wanted:
            reason = f"a simulated device in this scenario needs {wanted}"
            raise SpecMalformed(field="prediction.kind", reason=reason)
    if spec.accuracy.reference == "onnxruntime" and not spec.subject.model:
        raise SpecMalformed(field="subject.model", reason="the reference needs a model")
    if spec.scenario.has_tokens and not spec.data.file:
        raise SpecMalformed(field="data.file", reason="a file of prompts, one JSON a line")


def _subject(table: Table) -> Subject:
    kind = table.choice("kind", KINDS)
    found = Subject(
        kind=kind,
        model=table.text("model", "" if kind != "onnxruntime" else None),
        command=table.words("command") if kind == "process" else (),
        address=table.text("address") if kind == "openai" else "",
        key_variable=table.text("key_variable", ""),
        concurrency=table.whole("concurrency", 1, 256, 1),
    )
    table.end()
    if kind == "process" and found.concurrency != 1:
        raise table.wrong("concurrency", "1: a process answers one line at a time")
    if found.address and not found.address.startswith(("http://", "https://")):
        raise table.wrong("address", "an http or https address that ends in /v1")
    return found


def _data(table: Table) -> Data:
    fixed = tuple(sorted(table.table("fixed").rest().items()))
    found = Data(
        file=table.text("file", ""),
        samples=table.whole("samples", 1, 100_000, 64),
        seed=table.whole("seed", 0, 2**31, 1),
        low=table.number("low", -1e9, 1e9, -1.0),
        high=table.number("high", -1e9, 1e9, 1.0),
        fixed=fixed,
        shapes=tuple(sorted(table.table("shapes").shapes().items())),
        max_tokens=table.whole("max_tokens", 2, 100_000, 16),
    )
    table.end()
    if found.low >= found.high:
        raise table.wrong("high", "more than low")
    return found


def _scenario(table: Table) -> Scenario:
    name = table.choice("name", SCENARIOS)
    waits = name in ("Server",)
    streams = name == "LLM"
    found = Scenario(
        name=name,
        expected_qps=table.number(
            "expected_qps", 1e-3, 1e7, None if name != "SingleStream" else 1000.0
        ),
        latency_ms=table.number("latency_ms", 1e-3, 1e7, None if waits else 0.001),
        ttft_ms=table.number("ttft_ms", 1e-3, 1e7, None if streams else 0.001),
        tpot_ms=table.number("tpot_ms", 1e-3, 1e7, None if streams else 0.001),
    )
    table.end()
    return found


def _accuracy(table: Table) -> Accuracy:
    metric = table.choice("metric", METRICS, "none")
    found = Accuracy(
        metric=metric,
        reference=table.choice("reference", ("onnxruntime", "file", "none"), "none"),
        target=table.number("target", 0.0, 1.0, 0.99),
        absolute=table.number("absolute", 0.0, 1e9, 1e-4),
        relative=table.number("relative", 0.0, 1.0, 1e-3),
    )
    table.end()
    if (metric == "none") != (found.reference == "none"):
        raise table.wrong("reference", "a metric and a reference belong together")
    return found


def _plan(table: Table) -> Plan:
    profile = table.choice("profile", PROFILES)
    official = profile == "official"
    least = OFFICIAL_MIN_DURATION_S if official else 0.05
    found = Plan(
        profile=profile,
        repetitions=table.whole("repetitions", REPETITIONS_MIN, REPETITIONS_MAX, 5),
        min_duration_s=table.number(
            "min_duration_s", least, 86_400.0, 600.0 if official else 1.0
        ),
        query_s_max=table.number("query_s_max", 0.01, 3600.0, 60.0 if official else 10.0),
        seed=table.whole("seed", 1, 2**31, 1),
    )
    table.end()
    return found


def _power(table: Table) -> Power:
    kind = table.choice("class", POWER_CLASSES, "none")
    found = Power(kind, table.text("instrument", ""), table.text("readings", ""))
    table.end()
    if found.measured and not (found.instrument and found.readings):
        raise table.wrong("instrument", "a measured class names its instrument and readings")
    return found


def _prediction(table: Table) -> Prediction:
    kind = table.choice("kind", PREDICTIONS)
    found = Prediction(
        kind=kind,
        value=table.number("value", 1e-6, 1e12, None if kind == "stated" else 1.0),
        macs_per_s=table.number("macs_per_s", 1.0, 1e21, None if kind == "roofline" else 1.0),
        rows=table.whole("rows", 1, 1 << 16, None if kind == "systolic" else 1),
        columns=table.whole("columns", 1, 1 << 16, None if kind == "systolic" else 1),
        dataflow=table.choice("dataflow", ("os", "ws", "is"), "ws"),
        clock_mhz=table.number("clock_mhz", 1e-3, 1e6, None if kind == "systolic" else 1.0),
        device=table.text("device", None if kind == "serving" else ""),
        model=table.text("model", None if kind == "serving" else ""),
        dtype=table.text("dtype", "fp8"),
        input_tokens=table.whole("input_tokens", 1, 1 << 20, 128),
        output_tokens=table.whole("output_tokens", 1, 1 << 20, 128),
        batch=table.whole("batch", 1, 1 << 16, 1),
        cards=table.whole("cards", 1, 1024, 1),
    )
    table.end()
    return found
