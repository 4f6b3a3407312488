"""Operators of an ONNX graph as a memory sees them: products, element-wise work, the host's.

The graph is read by `chips.workloads`, which knows every size and refuses what nobody can
place; here each of its operators is told to the memory in the memory's terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from madang.chips.errors import OperatorUnsupported
from madang.chips.pim.system.operators import Operator
from madang.chips.workloads import graph as graphs
from madang.chips.workloads import onnx_in as reader

ELEMENTS = {"Add": ("add", 2), "Mul": ("mul", 2), "Relu": ("relu", 1)}  # kernel, operands
CONVOLUTIONS = ("Conv", "ConvInteger", "QLinearConv", "ConvTranspose")


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read, and the operators that nobody places, with their reasons."""

    operators: list[Operator]
    kinds: list[str]  # the ONNX name of each operator
    refused: list[OperatorUnsupported]


def read_onnx(path: Path, named: Mapping[str, int]) -> list[Operator]:
    """`named`: values of symbolic dimensions, by name. Anything unknown is refused."""
    return [_operator(one) for one in reader.read_onnx(path, named).operators]


def read_leniently(path: Path, named: Mapping[str, int]) -> Reading:
    """As `read_onnx`, but goes on after an operator that is refused."""
    refused: list[OperatorUnsupported] = []
    found = reader.read_onnx(path, named, refused=refused).operators
    return Reading([_operator(one) for one in found], [one.op for one in found], refused)


def _operator(one: graphs.Operator) -> Operator:
    if one.is_matrix:
        return _matrix(one)
    kernel, operands = ELEMENTS.get(one.op, ("", 0))
    if kernel and one.inputs == operands * one.outputs:
        return Operator(one.name, "element", one.times, elements=one.outputs, kernel=kernel)
    elements = one.inputs + one.weights + one.outputs
    return Operator(one.name, "host", one.times, elements=elements, note=_why_host(one))


def _why_host(one: graphs.Operator) -> str:
    if one.op in ELEMENTS:
        return f"{one.op} with a broadcast operand stays on the host: units add equal shapes"
    if one.kind == "move":
        return f"{one.op} moves data: the host does it"
    return f"{one.op} stays on the host: no unit computes it"


def _matrix(one: graphs.Operator) -> Operator:
    """Stored weights stay in the banks; two activations are a product for each head."""
    if not one.weights:
        note = "rewritten as one product for each head"
        return Operator(
            one.name, "score", 1, heads=one.times, length=one.n, width=one.k,
            vectors=one.m, note=note,
        )  # fmt: skip
    windows = one.kind == "conv" or one.op in CONVOLUTIONS
    note = "rewritten as a product of its windows with the filters" if windows else ""
    return Operator(one.name, "matrix", one.times, one.n, one.k, one.m, note=note)
