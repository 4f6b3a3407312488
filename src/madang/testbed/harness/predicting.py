"""The prediction, made and written before the first run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from madang.chips.npu.run import Setting, run_graph
from madang.chips.npu.systolic.array import Array, Dataflow
from madang.chips.predict import published
from madang.chips.predict.chips import chip
from madang.chips.predict.serving import Job, predict
from madang.chips.workloads.graph import Graph
from madang.chips.workloads.load import Wanted, load, transformer
from madang.testbed.errors import PredictionRefused
from madang.testbed.harness.samples import Samples
from madang.testbed.harness.spec import Spec
from madang.testbed.harness.subjects.simulated import Pace

FIGURES = {
    "Offline": "samples_per_s",
    "SingleStream": "latency_p90_ms",
    "Server": "samples_per_s",
    "LLM": "tpot_p50_ms",
}


@dataclass(frozen=True, slots=True)
class Predicted:
    """What is expected: a figure, its name, and the pace of a simulated device."""

    figure: str
    value: float
    method: str
    workload: dict[str, object]
    pace: Pace

    def as_dict(self) -> dict[str, object]:
        return {
            "figure": self.figure,
            "value": self.value,
            "method": self.method,
            "workload": self.workload,
        }


def prediction_for(spec: Spec, samples: Samples) -> Predicted:
    """The figure that the scenario is judged by. Refuses what no engine can answer."""
    kind = spec.prediction.kind
    if kind == "stated":
        value = spec.prediction.value
        return Predicted(
            FIGURES[spec.scenario.name], value, "stated by the maker", {}, Pace(0.0)
        )
    if kind == "serving":
        return _serving(spec)
    graph = _graph(spec, samples)
    totals: dict[str, object] = {**graph.totals()}
    if kind == "roofline":
        seconds = graph.macs / spec.prediction.macs_per_s
        method = f"{graph.macs} MAC at {spec.prediction.macs_per_s:g} a second"
    else:
        seconds, method = _systolic(spec, graph)
    return Predicted(*_figure(spec, seconds), method, totals, Pace(seconds))


def _graph(spec: Spec, samples: Samples) -> Graph:
    if spec.scenario.has_tokens or not spec.subject.model:
        raise PredictionRefused(reason="a model file is needed to count its work")
    shapes = {name: size for name, size in samples.shapes().items() if size}
    wanted = Wanted(shapes=shapes, values=dict(spec.data.fixed))
    return load(str(spec.path(spec.subject.model)), wanted)


def _systolic(spec: Spec, graph: Graph) -> tuple[float, str]:
    wanted = spec.prediction
    array = Array(wanted.rows, wanted.columns, cast("Dataflow", wanted.dataflow))
    run = run_graph(Setting(array), graph)
    cycles = run.total("total_cycles") + run.total("vector_cycles")
    size = f"{wanted.rows}x{wanted.columns} {wanted.dataflow}"
    return cycles / (
        wanted.clock_mhz * 1e6
    ), f"{cycles} cycles, {size}, {wanted.clock_mhz:g} MHz"


def _figure(spec: Spec, seconds: float) -> tuple[str, float]:
    name = spec.scenario.name
    if seconds <= 0:
        raise PredictionRefused(reason="the model holds no work that the engine counts")
    if name == "SingleStream":
        return FIGURES[name], seconds * 1e3
    rate = 1 / seconds
    return FIGURES[name], min(rate, spec.scenario.expected_qps) if name == "Server" else rate


def _serving(spec: Spec) -> Predicted:
    if not spec.scenario.has_tokens:
        raise PredictionRefused(reason="serving predicts language models")
    wanted = spec.prediction
    device = chip(wanted.device)
    sizes = (wanted.input_tokens, wanted.output_tokens, wanted.batch, wanted.cards)
    job = Job(transformer(wanted.model), wanted.dtype, *sizes)
    found = predict(device, job, published.efficiency_for(device.name))
    pace = Pace(found.prefill.total, found.step.total)
    method = f"serving model of {device.name}, {wanted.dtype}, batch {wanted.batch}"
    workload: dict[str, object] = {
        "model": wanted.model,
        "predicted_tokens_per_s": found.tokens_s,
    }
    return Predicted(FIGURES["LLM"], found.step.total * 1e3, method, workload, pace)
