"""Matrix products and convolutions of an ONNX graph, with their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from madang.chips.errors import OperatorUnsupported
from madang.chips.workloads.graph import Operator
from madang.chips.workloads.layers import Layer

Attributes = Mapping[str, int | str | list[int]]
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


@dataclass(slots=True)
class Tensor:
    shape: tuple[int, ...]
    dtype: str
    is_stored: bool = False
    stored_dtype: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    op: str
    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]
    attributes: Attributes

    def ints(self, name: str, default: list[int]) -> list[int]:
        value = self.attributes.get(name, default)
        return value if isinstance(value, list) else default

    def integer(self, name: str, default: int) -> int:
        value = self.attributes.get(name, default)
        return value if isinstance(value, int) else default

    def refuse(self, reason: str) -> OperatorUnsupported:
        return OperatorUnsupported(operator=self.op, name=self.name, reason=reason)


def matrix_operators(node: Node) -> list[Operator]:
    if node.op in GATES:
        return _recurrent(node)
    if node.op in ("Conv", "ConvInteger"):
        return [_convolution(node, node.inputs[0], node.inputs[1])]
    if node.op == "QLinearConv":
        return [_convolution(node, node.inputs[0], node.inputs[3])]
    if node.op == "ConvTranspose":
        return [_transposed(node)]
    right = node.inputs[3] if node.op == "QLinearMatMul" else node.inputs[1]
    return [_product(node, node.inputs[0], right)]


def _product(node: Node, left: Tensor, right: Tensor) -> Operator:
    """A x B, batched where both have more than two dimensions."""
    a, b = list(left.shape), list(right.shape)
    if node.integer("transA", 0):
        a.reverse()
    if node.integer("transB", 0):
        b.reverse()
    if not a or not b:
        raise node.refuse("an operand without dimensions")
    a = [1, *a] if len(a) == 1 else a
    b = [*b, 1] if len(b) == 1 else b
    inner, out = b[-2], b[-1]
    if a[-1] != inner:
        raise node.refuse(f"{a} does not fit {b}")
    batches = prod(b[:-2])
    rows = prod(node.outputs[0].shape) // out
    times = batches if batches > 1 else 1
    return _sized(node, left, right, times, rows // times, out, inner)


def _sized(
    node: Node, left: Tensor, right: Tensor, times: int, m: int, n: int, k: int
) -> Operator:
    stored = right.is_stored
    kept = right.stored_dtype or right.dtype
    return Operator(
        node.name,
        node.op,
        "matmul",
        times,
        *(m, n, k),
        inputs=m * k + (0 if stored else k * n),
        weights=k * n if stored else 0,
        outputs=m * n,
        dtype=left.dtype,
        weight_dtype=kept if stored else right.dtype,
    )


def _convolution(node: Node, data: Tensor, weight: Tensor) -> Operator:
    """One or two dimensions, groups as copies, padding remembered, dilation as a product."""
    if len(data.shape) not in (3, 4):
        raise node.refuse(f"{len(data.shape) - 2} dimensions: one or two are modelled")
    is_line = len(data.shape) == 3
    batch, channels, *size = data.shape
    filters, each_in, *window = weight.shape
    ones = [1] * len(size)
    strides, dilations = node.ints("strides", ones), node.ints("dilations", ones)
    groups = node.integer("group", 1)
    if channels != each_in * groups or filters % groups:
        raise node.refuse(f"{channels} channels do not fit weights of {each_in} x {groups}")
    out = node.outputs[0].shape[2:]
    pads = _pads(node, size, out, window, strides, dilations)
    if is_line:
        size, window, strides, dilations = (
            [1, *size],
            [1, *window],
            [1, *strides],
            [1, *dilations],
        )
        pads = [0, pads[0], 0, pads[1]]
    high, wide = size[0] + pads[0] + pads[2], size[1] + pads[1] + pads[3]
    inner = channels // groups
    each = filters // groups
    pixels, k = prod(out), prod(window) * inner
    layer = None
    square = strides[0] == strides[1] or is_line
    if dilations == [1, 1] and square:
        layer = Layer(node.name, high, wide, window[0], window[1], inner, each, strides[1])
        layer = layer if layer.m() == pixels else None
    kept = weight.stored_dtype or weight.dtype
    return Operator(
        node.name,
        node.op,
        "conv",
        groups,
        *(batch * pixels, each, k),
        inputs=batch * inner * prod(size),
        weights=k * each,
        outputs=batch * pixels * each,
        dtype=data.dtype,
        weight_dtype=kept,
        window=layer,
        padding=(pads[0], pads[1], pads[2], pads[3]),
        note="" if layer else "as a matrix product: dilated, or two different strides",
    )


def _pads(
    node: Node,
    size: Sequence[int],
    out: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> list[int]:
    """Explicit padding, or what auto_pad comes to."""
    given = node.ints("pads", [])
    if given:
        return given
    if node.attributes.get("auto_pad", "NOTSET") not in ("SAME_UPPER", "SAME_LOWER"):
        return [0] * (2 * len(size))
    needed = [
        max(0, (o - 1) * s + (w - 1) * d + 1 - n)
        for n, o, w, s, d in zip(size, out, window, strides, dilations, strict=True)
    ]
    first = [one // 2 for one in needed]
    return first + [one - half for one, half in zip(needed, first, strict=True)]


def _transposed(node: Node) -> Operator:
    """Every input pixel times all taps: one product, then sums."""
    data, weight = node.inputs[0], node.inputs[1]
    batch, channels, *size = data.shape
    _, each, *window = weight.shape
    groups = node.integer("group", 1)
    inner, out = channels // groups, each * prod(window)
    return _sized(node, data, weight, groups, batch * prod(size), out, inner)


def _recurrent(node: Node) -> list[Operator]:
    """Gates: one product for all steps' inputs, one small product for each step."""
    steps, batch, inner = node.inputs[0].shape
    hidden = node.integer("hidden_size", node.inputs[2].shape[-1])
    ways = node.inputs[1].shape[0]
    out = GATES[node.op] * hidden
    data, weight = node.inputs[0], node.inputs[1]
    first = _sized(node, data, weight, ways, steps * batch, out, inner)
    again = _sized(node, data, node.inputs[2], ways * steps, batch, out, hidden)
    # the same recurrent weights serve every step: counted once
    kept = Operator(
        f"{node.name} state",
        node.op,
        "matmul",
        ways * steps,
        *(batch, out, hidden),
        inputs=again.inputs,
        weights=again.weights if steps == 1 else 0,
        outputs=again.outputs,
        dtype=again.dtype,
        weight_dtype=again.weight_dtype,
        note="" if steps == 1 else "weights stay from step to step",
    )
    return [first, kept]
