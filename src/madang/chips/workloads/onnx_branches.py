"""Branches of an ONNX graph whose condition follows from shapes or given values, taken.

Exporters leave `If` nodes that only ask for a rank or a batch size. With shapes fixed they are
decided: the branch that runs is put in place of the node. A condition that depends on data
stays, and the importer refuses it by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, helper, numpy_helper, reference, shape_inference

from madang.chips.workloads.onnx_tables import MATRIX

Value = npt.NDArray[np.generic]
SMALL = 4096  # elements: what a condition is made of is never large
ROUNDS_MAX = 200
KEPT = ("If", "Loop", "Scan", "DequantizeLinear", "QuantizeLinear")


def take_branches(model: ModelProto, values: Mapping[str, Value]) -> ModelProto:
    """The model with small known values put in, and every decidable `If` replaced by the
    branch that runs."""
    for _ in range(ROUNDS_MAX):
        known = _values(model, values)
        model, folded = _folded(model, known)
        place = _decided(model, known)
        if place is not None:
            taken = bool(np.asarray(known[model.graph.node[place].input[0]]).ravel()[0])
            model = _with_branch(model, place, "then_branch" if taken else "else_branch")
        elif not folded:
            break
    return model


def _decided(model: ModelProto, known: Mapping[str, Value]) -> int | None:
    for place, node in enumerate(model.graph.node):
        if node.op_type == "If" and node.input[0] in known:
            return place
    return None


def _folded(model: ModelProto, known: Mapping[str, Value]) -> tuple[ModelProto, int]:
    """Nodes whose every output is known become constants."""
    found = ModelProto()
    found.CopyFrom(model)
    del found.graph.node[:]
    del found.graph.value_info[:]
    count = 0
    for node in model.graph.node:
        outputs = [name for name in node.output if name]
        if node.op_type == "Constant" or not all(name in known for name in outputs):
            found.graph.node.append(node)
            continue
        count += 1
        for name in outputs:
            tensor = numpy_helper.from_array(known[name], name)
            found.graph.node.append(helper.make_node("Constant", [], [name], value=tensor))
    return found, count


def _with_branch(model: ModelProto, place: int, branch: str) -> ModelProto:
    node = model.graph.node[place]
    body = next(one.g for one in node.attribute if one.name == branch)
    inside = [
        *(helper.make_node("Constant", [], [one.name], value=one) for one in body.initializer),
        *body.node,
        *(
            helper.make_node("Identity", [inner.name], [outer])
            for inner, outer in zip(body.output, node.output, strict=False)
            if outer
        ),
    ]
    nodes = [*model.graph.node[:place], *inside, *model.graph.node[place + 1 :]]
    found = ModelProto()
    found.CopyFrom(model)
    del found.graph.node[:]
    found.graph.node.extend(nodes)
    del found.graph.value_info[:]
    return found


def _values(model: ModelProto, given: Mapping[str, Value]) -> dict[str, Value]:
    """Values that follow from shapes, stored numbers and what was given."""
    inferred = shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*inferred.input, *inferred.value_info)
        if value.type.tensor_type.HasField("shape")
        if all(dim.HasField("dim_value") for dim in value.type.tensor_type.shape.dim)
    }
    known: dict[str, Value] = dict(given)
    for one in model.graph.initializer:
        shapes[one.name] = list(one.dims)
        if np.prod(one.dims, dtype=np.int64) <= SMALL and not one.external_data:
            known[one.name] = numpy_helper.to_array(one)
    for node in model.graph.node:
        for name, value in _computed(node, known, shapes):
            known[name] = value
            shapes[name] = list(value.shape)
    return known


def _computed(
    node: NodeProto, known: Mapping[str, Value], shapes: Mapping[str, list[int]]
) -> Iterator[tuple[str, Value]]:
    if node.op_type == "Shape" and not node.attribute and node.input[0] in shapes:
        yield node.output[0], np.array(shapes[node.input[0]], np.int64)
        return
    if node.op_type == "Size" and node.input[0] in shapes:
        yield node.output[0], np.array(np.prod(shapes[node.input[0]], dtype=np.int64))
        return
    if node.op_type in KEPT or node.op_type in MATRIX:
        return
    if any(name and name not in known for name in node.input):
        return
    if node.op_type != "Constant" and not node.input:
        return
    feeds = {name: known[name] for name in node.input if name}
    try:
        found = reference.ReferenceEvaluator(node).run(None, feeds)
    except Exception:  # noqa: BLE001  a node that cannot be computed leaves its value open
        return
    assert isinstance(found, list)
    for name, value in zip(node.output, found, strict=False):
        if name and isinstance(value, np.ndarray | np.generic) and np.size(value) <= SMALL:
            yield name, np.asarray(value)
