"""Operators of an ONNX graph: shapes inferred, every node placed or refused with a reason."""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from onnx import ModelProto, NodeProto, checker, shape_inference

from madang.chips.errors import FileMissing, ModelMalformed, OperatorUnsupported
from madang.chips.pim.system.operators import Operator

Shapes = dict[str, list[int]]
ELEMENTS = {"Add": "add", "Mul": "mul", "Relu": "relu"}
FREE = (
    "Reshape",
    "Transpose",
    "Identity",
    "Constant",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Cast",
    "Shape",
    "Dropout",
    "Concat",
    "Split",
    "Slice",
)
HOST = (
    "Softmax",
    "Sigmoid",
    "Tanh",
    "Gelu",
    "Erf",
    "Sqrt",
    "Pow",
    "Div",
    "Sub",
    "ReduceMean",
    "LayerNormalization",
    "Gather",
    "Where",
    "Exp",
    "Neg",
    "Cos",
    "Sin",
    "Clip",
    "ReduceSum",
    "Max",
    "Min",
)


def read_onnx(path: Path, named: dict[str, int]) -> list[Operator]:
    """`named`: values of symbolic dimensions, by name. Anything unknown is refused."""
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        model = onnx.load(str(path))
        checker.check_model(model)
        model = shape_inference.infer_shapes(model, strict_mode=True)
    except (DecodeError, checker.ValidationError, shape_inference.InferenceError) as err:
        raise ModelMalformed(file=str(path), reason=str(err).splitlines()[0]) from err
    shapes = _shapes(model, named, str(path))
    weights = {one.name for one in model.graph.initializer}
    return [
        op for node in model.graph.node if (op := _operator(node, shapes, weights)) is not None
    ]


def _shapes(model: ModelProto, named: dict[str, int], file: str) -> Shapes:
    found: Shapes = {one.name: list(one.dims) for one in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.value_info, *model.graph.output):
        dims = []
        for dim in value.type.tensor_type.shape.dim:
            size = dim.dim_value or named.get(dim.dim_param, 0)
            if size < 1:
                raise ModelMalformed(
                    file=file,
                    reason=f"dimension {dim.dim_param or '?'} of {value.name} is open",
                    field=value.name,
                )
            dims.append(size)
        found[value.name] = dims
    return found


def _operator(node: NodeProto, shapes: Shapes, weights: set[str]) -> Operator | None:
    kind = node.op_type
    name = node.name or node.output[0]
    if kind in FREE:
        return None
    out = shapes.get(node.output[0], [])
    if kind in ("MatMul", "Gemm"):
        return _matrix(node, name, shapes, weights)
    if kind in ELEMENTS:
        same = all(shapes.get(one) == out for one in node.input)
        if same:
            return Operator(name, "element", 1, elements=prod(out), kernel=ELEMENTS[kind])
        return Operator(
            name, "host", 1, elements=2 * prod(out), note=f"{kind} with broadcasting"
        )
    if kind in HOST:
        return Operator(
            name, "host", 1, elements=2 * prod(out), note=f"{kind} stays on the host"
        )
    raise OperatorUnsupported(
        operator=kind, name=name, reason="neither PIM nor the host model places it"
    )


def _matrix(node: NodeProto, name: str, shapes: Shapes, weights: set[str]) -> Operator:
    left, right = shapes[node.input[0]], shapes[node.input[1]]
    flipped = any(a.name == "transB" and a.i for a in node.attribute)
    inner, out = (right[-1], right[-2]) if flipped else (right[-2], right[-1])
    if node.input[1] in weights and len(right) == 2:
        return Operator(name, "matrix", 1, out, inner, prod(left[:-1]))
    heads = prod(right[:-2]) if len(right) > 2 else 1
    vectors = max(1, prod(left[:-1]) // heads)
    note = "rewritten as one product for each head"
    return Operator(
        name, "score", 1, heads=heads, length=out, width=inner, vectors=vectors, note=note
    )
