"""ONNX files: shapes inferred, every node an operator with exact sizes, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    checker,
    helper,
    shape_inference,
)

from madang.chips.errors import (
    FileMissing,
    ModelMalformed,
    OperatorUnsupported,
    ShapeImpossible,
    ShapeOpen,
    ShapeTooLarge,
)
from madang.chips.workloads.graph import Graph, Operator
from madang.chips.workloads.onnx_branches import Value, take_branches
from madang.chips.workloads.onnx_matrix import Node, Tensor, matrix_operators
from madang.chips.workloads.onnx_tables import FREE, MATRIX, MOVED, VECTOR, WHY_NOT

NODES_MAX = 200_000
RUN_MAX = 1 << 24
NAMES = {
    TensorProto.FLOAT: "fp32",
    TensorProto.DOUBLE: "fp64",
    TensorProto.FLOAT16: "fp16",
    TensorProto.BFLOAT16: "bf16",
    TensorProto.INT8: "int8",
    TensorProto.UINT8: "uint8",
    TensorProto.INT16: "int16",
    TensorProto.UINT16: "int16",
    TensorProto.INT32: "int32",
    TensorProto.UINT32: "int32",
    TensorProto.INT64: "int64",
    TensorProto.UINT64: "int64",
    TensorProto.BOOL: "bool",
    TensorProto.FLOAT8E4M3FN: "fp8",
    TensorProto.FLOAT8E5M2: "fp8",
    TensorProto.INT4: "int4",
    TensorProto.UINT4: "int4",
}
PASSING = ("Identity", "Cast", "Transpose", "Reshape", "DequantizeLinear", "QuantizeLinear")


@dataclass(slots=True)
class Known:
    """What is known of every value of a graph."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


def load_model(path: Path) -> ModelProto:
    """A checked model; its weights may lie in other files, which totals do not need."""
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        model = onnx.load(str(path), load_external_data=False)
        if len(model.graph.node) > NODES_MAX:
            raise ModelMalformed(file=str(path), reason=f"more than {NODES_MAX} nodes")
        if not model.graph.node:
            raise ModelMalformed(file=str(path), reason="a graph without a node")
        _only_known_domains(model)
        checker.check_model(model)
    except (DecodeError, checker.ValidationError, ValueError, TypeError) as err:
        raise ModelMalformed(file=str(path), reason=_first_line(err)) from err
    return model


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or [type(err).__name__])[0][:200]


def _only_known_domains(model: ModelProto) -> None:
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise OperatorUnsupported(
                operator=f"{node.domain}.{node.op_type}",
                name=_name(node),
                reason="an operator of a maker's own domain; export with plain ONNX operators",
            )


def _name(node: NodeProto) -> str:
    return node.name or (node.output[0] if node.output else node.op_type)


def read_onnx(
    path: Path,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    refused: list[OperatorUnsupported] | None = None,
) -> Graph:
    """`dims`: sizes of named open dimensions; `shapes`: whole shapes of inputs, by name;
    `values`: scalar inputs that decide which branch runs. With a list of `refused`, operators
    that are refused go there and the others are read."""
    model = load_model(path)
    known = dims or {}, shapes or {}, values or {}
    return graph_of(model, path.stem, str(path), *known, refused)


def graph_of(
    model: ModelProto,
    name: str,
    file: str,
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
    values: Mapping[str, float] | None = None,
    refused: list[OperatorUnsupported] | None = None,
) -> Graph:
    fixed = close_inputs(model, dims, shapes, file)
    fixed = take_branches(fixed, scalars(fixed, values or {}))
    if refused is None:
        for node in fixed.graph.node:
            _refuse_unknown(node)
    known = _inferred(fixed, file)
    operators: list[Operator] = []
    for node in fixed.graph.node:
        try:
            _refuse_unknown(node)
            operators += _operators(node, known)
        except OperatorUnsupported as one:
            if refused is None:
                raise
            refused.append(one)
    if refused is None and not any(one.is_matrix for one in operators):
        raise ModelMalformed(file=file, reason="no matrix product and no convolution")
    return Graph(name, "ONNX", tuple(operators))


def scalars(model: ModelProto, values: Mapping[str, float]) -> dict[str, Value]:
    """Given scalar inputs in the type and shape that the model wants."""
    found = {}
    for one in model.graph.input:
        if one.name in values:
            kind = helper.tensor_dtype_to_np_dtype(one.type.tensor_type.elem_type)
            sizes = [dim.dim_value for dim in one.type.tensor_type.shape.dim]
            try:
                found[one.name] = np.full(sizes, values[one.name], kind)
            except (ValueError, OverflowError) as err:
                raise ShapeImpossible(
                    what=f"--value {one.name}",
                    value=str(values[one.name]),
                    reason=f"not a number of type {kind}",
                    nearest="0",
                ) from err
    return found


def close_inputs(
    model: ModelProto,
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
    file: str,
) -> ModelProto:
    """A copy whose inputs have sizes; inputs that are stored weights need none."""
    fixed = ModelProto()
    fixed.CopyFrom(model)
    strangers = set(shapes) - {value.name for value in fixed.graph.input}
    if strangers:
        known = ", ".join(value.name for value in fixed.graph.input)
        raise ShapeOpen(
            file=file,
            field=min(strangers),
            dimension="?",
            reason=f"no input of that name; inputs: {known}",
        )
    for value in fixed.graph.input:
        _close(value, dims, shapes.get(value.name), file)
    return fixed


def _close(
    value: ValueInfoProto, dims: Mapping[str, int], shape: Sequence[int] | None, file: str
) -> None:
    """Give every open dimension of an input its size, or say which one has none."""
    held = value.type.tensor_type.shape.dim
    if shape is not None and len(shape) != len(held):
        raise ShapeOpen(
            file=file,
            field=value.name,
            dimension=str(len(shape)),
            reason=f"{value.name} has {len(held)} dimensions",
        )
    for i, dim in enumerate(held):
        if shape is not None:
            if dim.dim_value > 0 and dim.dim_value != shape[i]:
                raise ShapeImpossible(
                    what=f"dimension {i} of {value.name}",
                    value=shape[i],
                    reason="the model fixes it",
                    nearest=dim.dim_value,
                )
            dim.dim_value = shape[i]
        elif dim.dim_value < 1 and dims.get(dim.dim_param, 0) > 0:
            dim.dim_value = dims[dim.dim_param]
        if dim.dim_value < 1:
            raise ShapeOpen(
                file=file,
                field=value.name,
                dimension=dim.dim_param or str(i),
                reason=f"dimension {i} of {value.name} is open",
            )


def _inferred(model: ModelProto, file: str) -> Known:
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        found = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except shape_inference.InferenceError as err:
        raise ModelMalformed(file=file, reason=_first_line(err)) from err
    known = _tensors(found.graph)
    missing = [
        out
        for node in found.graph.node
        for out in node.output
        if out and out not in known.tensors
    ]
    if missing:
        _by_running(model, known, file, missing)
    return known


def _tensors(graph: GraphProto) -> Known:
    known = Known()
    for one in graph.initializer:
        dtype = NAMES.get(one.data_type, "fp32")
        known.tensors[one.name] = Tensor(tuple(one.dims), dtype, is_stored=True)
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        if value.name in known.tensors or not tensor.HasField("shape"):
            continue
        sizes = tuple(dim.dim_value for dim in tensor.shape.dim)
        if all(dim.HasField("dim_value") for dim in tensor.shape.dim):
            dtype = NAMES.get(tensor.elem_type, "fp32")
            known.tensors[value.name] = Tensor(sizes, dtype)
    for node in graph.node:
        _pass_on(node, known)
    return known


def _pass_on(node: NodeProto, known: Known) -> None:
    """Constants, and what is made of stored values alone, are stored too."""
    if node.op_type == "Constant" and node.output[0] in known.tensors:
        known.tensors[node.output[0]].is_stored = True
    if node.op_type in PASSING and node.input and node.output[0] in known.tensors:
        source = known.tensors.get(node.input[0])
        if source is not None and source.is_stored:
            target = known.tensors[node.output[0]]
            target.is_stored = True
            if node.op_type == "DequantizeLinear":
                target.stored_dtype = source.stored_dtype or source.dtype


def _by_running(model: ModelProto, known: Known, file: str, missing: Sequence[str]) -> None:
    """Shapes that only values know: run once on zeros and look."""
    from madang.chips.workloads.onnx_running import run  # noqa: PLC0415  heavy, seldom needed

    feeds = {}
    stored = {one.name for one in model.graph.initializer}
    for value in model.graph.input:
        if value.name not in stored:
            kind = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            if prod(sizes) > RUN_MAX:
                raise ShapeTooLarge(
                    what=value.name,
                    needed=prod(sizes),
                    unit="elements, to find shapes by a run",
                    limit=RUN_MAX,
                    nearest="a smaller --shape",
                )
            feeds[value.name] = np.zeros(sizes, kind)
    for name, value in run(model, feeds, file, missing).items():
        kind_name = NAMES.get(helper.np_dtype_to_tensor_dtype(value.dtype), "fp32")
        known.tensors[name] = Tensor(value.shape, kind_name)
    for node in model.graph.node:
        _pass_on(node, known)


def _refuse_unknown(node: NodeProto) -> None:
    kind = node.op_type
    if not any(kind in table for table in (FREE, MATRIX, VECTOR, MOVED)):
        reason = WHY_NOT.get(kind, "no engine knows what it costs")
        raise OperatorUnsupported(operator=kind, name=_name(node), reason=reason)


def _operators(node: NodeProto, known: Known) -> list[Operator]:
    kind, name = node.op_type, _name(node)
    if kind in FREE:
        return []
    inputs = [known.tensors.get(one, Tensor((), "fp32")) for one in node.input]
    outputs = [known.tensors[one] for one in node.output if one in known.tensors]
    if not outputs:
        raise OperatorUnsupported(operator=kind, name=name, reason="its shape is open")
    if all(one.is_stored for one in outputs):
        return []
    one = Node(name, kind, inputs, outputs, _attributes(node))
    if kind in MATRIX:
        return matrix_operators(one)
    elements = prod(outputs[0].shape)
    moved = sum(prod(x.shape) for x in inputs if not x.is_stored)
    weights = sum(prod(x.shape) for x in inputs if x.is_stored and prod(x.shape) > 1)
    per_element = VECTOR.get(kind, 0)
    read = max(elements, moved) if kind in VECTOR else 0
    return [
        Operator(
            name,
            kind,
            "vector" if kind in VECTOR else "move",
            inputs=moved,
            weights=weights if weights <= 2 * elements or kind == "Gather" else 0,
            outputs=elements,
            flops=per_element * read,
            dtype=outputs[0].dtype,
            weight_dtype=outputs[0].dtype,
        )
    ]


def _attributes(node: NodeProto) -> dict[str, int | str | list[int]]:
    found: dict[str, int | str | list[int]] = {}
    for one in node.attribute:
        if one.type == onnx.AttributeProto.INT:
            found[one.name] = one.i
        elif one.type == onnx.AttributeProto.INTS:
            found[one.name] = list(one.ints)
        elif one.type == onnx.AttributeProto.STRING:
            found[one.name] = one.s.decode("utf-8", "replace")
    return found
