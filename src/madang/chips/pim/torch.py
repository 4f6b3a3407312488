"""`torch.compile(model, backend="madang_pim")`: products and element-wise work on the device.

Optional: `pip install "madang[chips-torch]"`. The name is found through torch's entry points,
so that nothing needs to be imported. Options: `options={"device": "gddr6-aim"}`.

Each call runs the graph node by node. A node that the device has a kernel for, in the device's
number format, gets the bits of that kernel; every other node runs in torch, on the host.
`last_report()` says which went where, why, and what it cost.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx
from torch.nn import functional

from madang.chips.errors import GradientsUnsupported, KernelUnsupported
from madang.chips.pim.device import Device, device
from madang.chips.pim.pictures.draw import times
from madang.chips.pim.report import JsonValue, Report
from madang.core.errors import Refused

Values = npt.NDArray[np.generic]
Arguments = tuple[object, ...]
Named = Mapping[str, object]
FORMATS = {"bank-pair": torch.float16, "aim": torch.bfloat16, "dpu": torch.float32}
DEVICE = "hbm2-pim"


@dataclass(frozen=True, slots=True)
class Row:
    """One node of a graph: where it ran and why; reports of its kernels."""

    name: str
    operator: str
    where: str  # pim | host
    why: str
    reports: tuple[Report, ...] = ()

    @property
    def time_ns(self) -> float:
        return sum(one.time_ns for one in self.reports)

    @property
    def without_pim_ns(self) -> float | None:
        """The same kernels by the host alone, where a host is described."""
        base = [one.baseline for one in self.reports if one.baseline is not None]
        return sum(one.time_ns for one in base) if len(base) == len(self.reports) else None

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "operator": self.operator,
            "where": self.where,
            "why": self.why,
            "time_ns": self.time_ns,
            "kernels": [one.as_dict() for one in self.reports],
        }


@dataclass(slots=True)
class GraphReport:
    """One call of a compiled graph. Host nodes are named, their time is not modelled."""

    device: str
    rows: list[Row] = field(default_factory=list)

    @property
    def reports(self) -> list[Report]:
        return [one for row in self.rows for one in row.reports]

    @property
    def cycles(self) -> int:
        return sum(one.cycles for one in self.reports)

    @property
    def time_ns(self) -> float:
        return sum(one.time_ns for one in self.reports)

    @property
    def energy_pj(self) -> float | None:
        """None as soon as one kernel has no published energy."""
        parts = [one.energy.mid if one.energy else None for one in self.reports]
        known = [one for one in parts if one is not None]
        return sum(known) if len(known) == len(parts) else None

    @property
    def without_pim_ns(self) -> float | None:
        """The same kernels by the host alone, where a host is described."""
        found = [row.without_pim_ns for row in self.rows]
        known = [one for one in found if one is not None]
        return sum(known) if len(known) == len(found) else None

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "device": self.device,
            "cycles": self.cycles,
            "time_ns": self.time_ns,
            "without_pim_ns": self.without_pim_ns,
            "energy_pj": self.energy_pj,
            "nodes": [row.as_dict() for row in self.rows],
        }

    def _repr_svg_(self) -> str:
        """What a notebook shows: each node on PIM, beside the host alone."""
        shown = [row for row in self.rows if row.reports]
        rows = [(row.name, row.time_ns, row.without_pim_ns) for row in shown]
        return times(f"Nodes on {self.device}", rows).svg

    def __str__(self) -> str:
        lines = [f"{self.device}: {self.cycles} cycles, {self.time_ns / 1e3:.3f} us on PIM"]
        for row in self.rows:
            spent = f"{row.time_ns / 1e3:10.3f} us" if row.reports else " " * 13
            lines.append(f"  {row.name:24} {row.where:5}{spent}  {row.why}")
        return "\n".join(lines)


@dataclass(slots=True)
class _Latest:
    report: GraphReport | None = None


_latest = _Latest()


def last_report() -> GraphReport | None:
    """Of the call that ended last, in any compiled graph; None before the first."""
    return _latest.report


class Stays(Exception):
    """A node that the device does not take, with the reason."""


@dataclass(slots=True)
class Kernels:
    """Torch's operators in terms of a device's kernels; reports of one node are gathered."""

    chip: Device
    found: list[Report] = field(default_factory=list)

    def array(self, tensor: object) -> Values:
        wanted = FORMATS[self.chip.spec.family]
        if not isinstance(tensor, Tensor):
            raise Stays("an operand is not a tensor")
        if tensor.dtype != wanted:
            raise Stays(f"{tensor.dtype} is not {wanted}, the format of the units")
        plain = tensor.detach().cpu()
        wide = plain.float() if plain.dtype == torch.bfloat16 else plain
        values: Values = wide.contiguous().numpy()
        return values

    def tensor(self, values: Values, shape: Sequence[int]) -> Tensor:
        made = torch.from_numpy(np.ascontiguousarray(values)).reshape(tuple(shape))
        return made.to(FORMATS[self.chip.spec.family])

    def keep(self, answer: tuple[Values, Report]) -> Values:
        self.found.append(answer[1])
        return answer[0]

    def linear(self, x: object, weight: object, bias: object = None) -> Tensor:
        rows, matrix = self.array(x), self.array(weight)
        flat = rows.reshape(-1, rows.shape[-1])
        product = self.product(flat, matrix)
        if bias is not None:
            product = self.plus_bias(product, self.array(bias))
        return self.tensor(product, (*rows.shape[:-1], matrix.shape[0]))

    def product(self, rows: Values, matrix: Values) -> Values:
        """rows x matrix transposed: one vector is a GEMV, several a batch of them."""
        if len(rows) == 1:
            return self.keep(self.chip.gemv(matrix, rows[0]))[None]
        return self.keep(self.chip.gemm(matrix, np.ascontiguousarray(rows.T))).T

    def plus_bias(self, product: Values, bias: Values) -> Values:
        """On PIM where the units add, with the bias written once for each row; else rounded
        once by the host."""
        wide = np.ascontiguousarray(np.broadcast_to(bias, product.shape))
        try:
            return self.keep(self.chip.add(np.ascontiguousarray(product), wide))
        except KernelUnsupported:
            return product + wide  # type: ignore[operator]  # floats

    def matmul(self, a: object, b: object) -> Tensor:
        left, right = self.array(a), self.array(b)
        if left.ndim < 2 or right.ndim < 2:
            return self._with_vector(left, right)
        if right.ndim == 2:
            flat = left.reshape(-1, left.shape[-1])
            found = self.product(flat, np.ascontiguousarray(right.T))
            return self.tensor(found, (*left.shape[:-1], right.shape[1]))
        heads = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        stacks = [
            np.broadcast_to(one, (*heads, *one.shape[-2:])).reshape(-1, *one.shape[-2:])
            for one in (left, right)
        ]
        found = self.keep(self.chip.bmm(*stacks))
        return self.tensor(found, (*heads, *found.shape[1:]))

    def _with_vector(self, left: Values, right: Values) -> Tensor:
        if left.ndim == 2 and right.ndim == 1:
            found = self.keep(self.chip.gemv(left, right))
            return self.tensor(found, found.shape)
        raise Stays(f"a product of {left.ndim} and {right.ndim} dimensions")

    def pair(self, kernel: str, a: object, b: object) -> Tensor:
        if isinstance(a, int | float):
            a, b = b, a
        if isinstance(b, int | float) and not isinstance(b, bool):
            factor, addend = (b, 0.0) if kernel == "mul" else (1.0, b)
            return self.scalar(kernel, a, float(factor), float(addend))
        left, right = self.array(a), self.array(b)
        shape = np.broadcast_shapes(left.shape, right.shape)
        wide = [np.ascontiguousarray(np.broadcast_to(one, shape)) for one in (left, right)]
        work = self.chip.mul if kernel == "mul" else self.chip.add
        return self.tensor(self.keep(work(*wide)), shape)

    def scalar(self, kernel: str, a: object, factor: float, addend: float) -> Tensor:
        values = self.array(a)
        if kernel == "mul":
            return self.tensor(self.keep(self.chip.scale(values, factor)), values.shape)
        return self.tensor(self.keep(self.chip.affine(values, factor, addend)), values.shape)

    def add(self, a: object, b: object, alpha: object = 1) -> Tensor:
        if alpha != 1:
            raise Stays("alpha is not 1")
        return self.pair("add", a, b)

    def mul(self, a: object, b: object) -> Tensor:
        return self.pair("mul", a, b)

    def relu(self, a: object, inplace: object = False) -> Tensor:
        values = self.array(a)
        found = self.tensor(self.keep(self.chip.relu(values)), values.shape)
        if inplace and isinstance(a, Tensor):
            return a.copy_(found)
        return found

    def softmax(
        self, a: object, dim: object = None, _stacklevel: object = 3, dtype: object = None
    ) -> Tensor:
        values = self.array(a)
        if dim not in (-1, values.ndim - 1) or dtype not in (None, FORMATS[self.family]):
            raise Stays("softmax along another dimension or in another format")
        rows = values.reshape(-1, values.shape[-1])
        return self.tensor(self.keep(self.chip.softmax(rows)), values.shape)

    @property
    def family(self) -> str:
        return self.chip.spec.family

    def attention(self, query: object, key: object, value: object, **more: object) -> Tensor:
        """Scores, scale, softmax, sum of the values; masks and dropout stay on the host."""
        scale = more.pop("scale", None)
        if any(one not in (None, False, 0.0) for one in more.values()):
            raise Stays(f"attention with {', '.join(more)}")
        q, k = self.array(query), self.array(key)
        factor = float(scale) if isinstance(scale, int | float) else q.shape[-1] ** -0.5
        turned = self.tensor(np.swapaxes(k, -1, -2), (*k.shape[:-2], k.shape[-1], k.shape[-2]))
        if self.family == "aim":  # no unit of it scales scores: the host scales the query
            assert isinstance(query, Tensor)
            return self.matmul(self.softmax(self.matmul(query * factor, turned), -1), value)
        scores = self.scalar("mul", self.matmul(query, turned), factor, 0.0)
        return self.matmul(self.softmax(scores, -1), value)


def _table() -> dict[object, Callable[..., Tensor]]:
    """Functions by identity, methods by name; values are taken from `Kernels`."""
    found: dict[object, Callable[..., Tensor]] = {functional.linear: Kernels.linear}
    for one in (torch.matmul, torch.mm, torch.bmm, torch.mv, operator.matmul):
        found[one] = Kernels.matmul
    for name in ("matmul", "mm", "bmm", "mv"):
        found[name] = Kernels.matmul
    found |= dict.fromkeys((torch.add, operator.add, "add"), Kernels.add)
    found |= dict.fromkeys((torch.mul, operator.mul, "mul"), Kernels.mul)
    found |= dict.fromkeys((torch.relu, functional.relu, "relu"), Kernels.relu)
    found |= dict.fromkeys((torch.softmax, functional.softmax, "softmax"), Kernels.softmax)
    found[functional.scaled_dot_product_attention] = Kernels.attention
    return found


KERNELS = _table()


def _called(target: object) -> str:
    return target if isinstance(target, str) else getattr(target, "__name__", str(target))


class Walker(fx.Interpreter):
    """Runs a graph node by node and writes down what happened."""

    def __init__(self, graph: fx.GraphModule, chip: Device) -> None:
        super().__init__(graph)
        self.chip = chip
        self.report = GraphReport(chip.spec.name)
        self.node = ""

    def run_node(self, n: fx.Node) -> object:
        self.node = n.name
        return super().run_node(n)

    def call_function(self, target: object, args: Arguments, kwargs: Named) -> object:
        placed = self.place(target, args, kwargs)
        return placed if placed is not None else super().call_function(target, args, kwargs)

    def call_method(self, target: object, args: Arguments, kwargs: Named) -> object:
        placed = self.place(target, args, kwargs)
        return placed if placed is not None else super().call_method(target, args, kwargs)

    def place(self, target: object, args: Arguments, kwargs: Named) -> Tensor | None:
        """The device's answer, or None and a row that says why the host goes on."""
        kernel, name = KERNELS.get(target), _called(target)
        if kernel is None:
            self.report.rows.append(Row(self.node, name, "host", "no kernel of the device"))
            return None
        work = Kernels(self.chip)
        try:
            with np.errstate(all="ignore"):
                found = kernel(work, *args, **kwargs)
        except (Stays, Refused) as reason:
            why = reason.sentence() if isinstance(reason, Refused) else str(reason)
            self.report.rows.append(Row(self.node, name, "host", why))
            return None
        kernels = ", ".join(one.kernel for one in work.found)
        self.report.rows.append(Row(self.node, name, "pim", kernels, tuple(work.found)))
        return found


def _check_gradients(inputs: Sequence[object]) -> None:
    needs = [one for one in inputs if isinstance(one, Tensor) and one.requires_grad]
    if needs and torch.is_grad_enabled():
        raise GradientsUnsupported(tensors=len(needs))


def madang_pim(
    graph: fx.GraphModule,
    example_inputs: Sequence[object],
    *,
    options: Mapping[str, object] | None = None,
) -> Callable[..., object]:
    """The backend: options are `device`, `compat` and overridden numbers."""
    given = dict(options or {})
    name, compat = str(given.pop("device", DEVICE)), given.pop("compat", None)
    numbers = {key: value for key, value in given.items() if isinstance(value, int | float)}
    chip = device(name, None if compat is None else str(compat), timing=numbers)

    def run(*inputs: object) -> object:
        _check_gradients(inputs)
        walker = Walker(graph, chip)
        answer = walker.run(*inputs)
        _latest.report = walker.report
        return answer

    return run
