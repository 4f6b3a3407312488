"""Goal: real models go through import, check, simulation and quantisation.
Method: models inside PyPI wheels; MAC once more from the sizes that a real run has.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx
import pytest
from wheel_models import SHAPES, models

from madang.chips.npu import Array, Setting, run_graph
from madang.chips.npu.check.judge import check
from madang.chips.npu.check.targets import targets
from madang.chips.workloads import onnx_in, onnx_running, quantise_onnx
from madang.chips.workloads.load import Wanted, load

FOUND = models()
INNER = {
    "Conv": lambda weight: prod(weight[1:]),
    "ConvTranspose": None,
    "MatMul": lambda right: right[-2],
}
SILERO_MACS = 679_552  # the same for every export of that model that its maker ships


def wanted(name: str) -> Wanted:
    shapes, values = SHAPES[name]
    return Wanted(shapes=shapes, values=values)


def test_every_wheel_brings_its_models() -> None:
    assert set(FOUND) == set(SHAPES)


def macs_by_running(name: str) -> int:
    """Sizes as onnxruntime computes them, times the window of each convolution or product."""
    model = onnx_in.load_model(FOUND[name])
    closed = onnx_in.close_inputs(model, {}, SHAPES[name][0], name)
    nodes = [node for node in model.graph.node if node.op_type in INNER]
    wanted_values = [x for n in nodes for x in (n.input[1], n.output[0])]
    stored = {one.name: list(one.dims) for one in model.graph.initializer}
    names = sorted({one for one in wanted_values if one not in stored})
    rng = np.random.default_rng(1)
    feeds = {
        one.name: np.asarray(
            rng.integers(0, 9, [dim.dim_value for dim in one.type.tensor_type.shape.dim]),
            onnx.helper.tensor_dtype_to_np_dtype(one.type.tensor_type.elem_type),
        )
        for one in closed.graph.input
        if one.name not in stored
    }
    ran = onnx_running.run(closed, feeds, name, names)
    sizes = {**stored, **{key: list(value.shape) for key, value in ran.items()}}
    total = 0
    for node in nodes:
        weight, out = sizes[node.input[1]], sizes[node.output[0]]
        if node.op_type == "ConvTranspose":
            data = node.input[0]
            shape = onnx_running.run(closed, feeds, name, [data])[data].shape
            total += prod(shape) * prod(weight[1:])
        else:
            total += prod(out) * INNER[node.op_type](weight)
    return total


@pytest.mark.parametrize("name", [one for one in SHAPES if "silero" not in one])
def test_totals_are_those_of_a_run(name: str) -> None:
    assert load(str(FOUND[name]), wanted(name)).macs == macs_by_running(name)


def test_totals_through_branches_are_exact() -> None:
    name = "silero_vad.onnx"
    assert load(str(FOUND[name]), wanted(name)).macs == SILERO_MACS


@pytest.mark.parametrize("device", list(targets()))
@pytest.mark.parametrize("name", SHAPES)
def test_every_node_gets_a_verdict(name: str, device: str) -> None:
    found = check(targets()[device], str(FOUND[name]), wanted(name))
    model = onnx_in.load_model(FOUND[name])
    assert len(found.nodes) >= len(model.graph.node)
    assert all(one.verdict and one.why for one in found.nodes)
    assert found.totals is not None


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_real_model_runs_on_an_array(name: str, dataflow: str) -> None:
    graph = load(str(FOUND[name]), wanted(name))
    found = run_graph(Setting(Array(32, 32, dataflow, 64, 64, 64)), graph)
    assert found.total("macs") == graph.macs
    assert 0 < found.overall_util <= 100


@pytest.mark.parametrize("name", ["model.onnx", "silero_vad.onnx"])
def test_int8_moves_the_outputs_of_a_real_model_by_little(name: str) -> None:
    model = onnx_in.load_model(FOUND[name])
    made = quantise_onnx.quantise(model, "int8", name)
    shapes, values = SHAPES[name]
    rows = quantise_onnx.output_errors(model, made.model, shapes, {}, values, name)
    assert all(one["relative_error"] < 0.1 for one in rows)
