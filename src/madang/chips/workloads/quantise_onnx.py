"""Quantised ONNX: weights in the target's format behind DequantizeLinear, and how far outputs
move on random inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, helper, numpy_helper, version_converter

from madang.chips.errors import ModelMalformed
from madang.chips.workloads.graph import JsonValue
from madang.chips.workloads.onnx_branches import take_branches
from madang.chips.workloads.onnx_in import close_inputs
from madang.chips.workloads.onnx_running import run
from madang.chips.workloads.quantise import (
    WeightError,
    check_target,
    error_of,
    quantised_values,
    restored,
)

OPSET = {"int8": 13, "fp8": 19, "int4": 21}
IR_VERSION = {"int8": 7, "fp8": 9, "int4": 10}
WEIGHT_AT = {"MatMul": 1, "Gemm": 1, "Conv": 1, "ConvTranspose": 1}


@dataclass(frozen=True, slots=True)
class Quantised:
    model: ModelProto
    weights: tuple[WeightError, ...]
    bytes_before: int
    bytes_after: int


def _axis(node: NodeProto, dimensions: int) -> int:
    """Output channels: rows of a convolution, columns of a product."""
    if node.op_type == "Conv":
        return 0
    if node.op_type == "ConvTranspose":
        return 1
    flipped = any(one.name == "transB" and one.i for one in node.attribute)
    return 0 if flipped else dimensions - 1


def _raised(model: ModelProto, target: str, file: str) -> ModelProto:
    """The model in an operator set that has the target's DequantizeLinear."""
    least = OPSET[target]
    version = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    if version < least:
        try:
            model = version_converter.convert_version(model, least)
        except Exception as err:
            reason = f"operator set {version} cannot be raised to {least}: {err}"
            raise ModelMalformed(file=file, reason=reason.splitlines()[0][:200]) from err
    model.ir_version = max(model.ir_version, IR_VERSION[target])
    return model


def quantise(model: ModelProto, target: str, file: str) -> Quantised:
    check_target(target)
    found = ModelProto()
    found.CopyFrom(model)
    found = _raised(found, target, file)
    stored = {one.name: one for one in found.graph.initializer}
    aliases = {
        node.output[0]: node.input[0]
        for node in found.graph.node
        if node.op_type == "Identity" and node.input[0] in stored
    }
    weights: dict[str, WeightError] = {}
    added: list[NodeProto] = []
    before = after = 0
    for node in found.graph.node:
        place = WEIGHT_AT.get(node.op_type)
        if place is None or len(node.input) <= place:
            continue
        name = aliases.get(node.input[place], node.input[place])
        if name not in stored or stored[name].data_type != 1 or len(stored[name].dims) < 2:
            continue
        axis = _axis(node, len(stored[name].dims))
        key = f"{name}.{target}.{axis}"
        if key not in weights:
            exact = numpy_helper.to_array(stored[name]).astype(np.float32)
            values, scales = quantised_values(exact, target, axis)
            back = restored(values, scales, axis)
            weights[key] = error_of(name, exact, back, exact.size)
            found.graph.initializer.append(numpy_helper.from_array(values, f"{key}.values"))
            found.graph.initializer.append(numpy_helper.from_array(scales, f"{key}.scales"))
            sources = [f"{key}.values", f"{key}.scales"]
            added.append(
                helper.make_node("DequantizeLinear", sources, [key], name=key, axis=axis)
            )
            before += exact.nbytes
            after += -(-exact.size * (4 if target == "int4" else 8) // 8) + scales.nbytes
        node.input[place] = key
    _put_first(found, added)
    return Quantised(found, tuple(weights.values()), before, after)


def _put_first(model: ModelProto, added: Sequence[NodeProto]) -> None:
    """Dequantising nodes first; weights that nobody reads any more leave the file."""
    nodes = [*added, *model.graph.node]
    read = {name for node in nodes for name in node.input}
    read |= {one.name for one in model.graph.output}
    for node in nodes:
        for one in node.attribute:
            if one.HasField("g"):
                read |= {name for inner in one.g.node for name in inner.input}
    kept = [one for one in model.graph.initializer if one.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def output_errors(
    exact: ModelProto,
    quantised: ModelProto,
    shapes: Mapping[str, Sequence[int]],
    dims: Mapping[str, int],
    values: Mapping[str, float],
    file: str,
    seed: int = 1,
) -> list[dict[str, JsonValue]]:
    """Both models on the same random inputs, in the reference evaluator."""
    ran = []
    rng = np.random.default_rng(seed)
    feeds: dict[str, npt.NDArray[np.generic]] = {}
    for model in (exact, quantised):
        closed = close_inputs(model, dims, shapes, file)
        feeds = feeds or _feeds(closed, values, rng)
        closed = take_branches(closed, {k: v for k, v in feeds.items() if k in values})
        wanted = [one.name for one in model.graph.output]
        ran.append(run(closed, feeds, file, wanted))
    rows: list[dict[str, JsonValue]] = []
    for name, first in ran[0].items():
        one, other = np.asarray(first, np.float32), np.asarray(ran[1][name], np.float32)
        rows.append(error_of(name, one, other, one.size).as_dict())
    return rows


def _feeds(
    model: ModelProto, values: Mapping[str, float], rng: np.random.Generator
) -> dict[str, npt.NDArray[np.generic]]:
    stored = {one.name for one in model.graph.initializer}
    feeds: dict[str, npt.NDArray[np.generic]] = {}
    for one in model.graph.input:
        if one.name in stored:
            continue
        kind = helper.tensor_dtype_to_np_dtype(one.type.tensor_type.elem_type)
        sizes = [dim.dim_value for dim in one.type.tensor_type.shape.dim]
        if one.name in values:
            feeds[one.name] = np.full(sizes, values[one.name], kind)
        elif np.issubdtype(kind, np.floating):
            feeds[one.name] = rng.standard_normal(sizes).astype(kind)
        else:
            feeds[one.name] = rng.integers(0, 2, sizes).astype(kind)
    return feeds
