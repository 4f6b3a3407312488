"""A model against a target: every node, the shapes that are open, the memory, a bucket plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onnx import GraphProto, ModelProto, NodeProto

from madang.chips.errors import ModelMalformed, OperatorUnsupported, ShapeOpen
from madang.chips.npu.check.targets import Target, Verdict
from madang.chips.workloads.graph import BITS, Graph, JsonValue, Operator
from madang.chips.workloads.load import Wanted, load
from madang.chips.workloads.onnx_in import load_model
from madang.chips.workloads.onnx_tables import MATRIX
from madang.core.errors import Language, Refused

SMALLEST_BUCKET = 128
BUCKETS_MAX = 16


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    op: str
    verdict: Verdict
    why: str
    change: str
    dtype: str
    shape: str
    macs: int

    def as_dict(self) -> dict[str, JsonValue]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Open:
    """A dimension without a size: ahead-of-time compilers want it fixed, or in buckets."""

    input: str
    dimension: str
    change: str


@dataclass(frozen=True, slots=True)
class Check:
    target: Target
    model: str
    nodes: tuple[Node, ...]
    open: tuple[Open, ...]
    totals: dict[str, JsonValue] | None
    no_totals: Refused | None  # why no sizes could be found
    fits: bool | None
    needed_bytes: int | None
    buckets: tuple[int, ...]

    def why_no_totals(self, language: Language = "en") -> str:
        return "" if self.no_totals is None else self.no_totals.sentence(language)

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(one.verdict for one in self.nodes))

    @property
    def runnable(self) -> bool | None:
        """False where something is refused or open, None where something is not known."""
        if self.open or self.fits is False or self.counts.get("refused"):
            return False
        return None if self.counts.get("not known") else True

    def as_dict(self) -> dict[str, JsonValue]:
        waste = mean_padding(self.buckets)
        return {
            "device": self.target.name,
            "model": self.model,
            "runnable": self.runnable,
            "fits": self.fits,
            "needed_bytes": self.needed_bytes,
            "counts": {**self.counts},
            "open_dimensions": [
                {"input": one.input, "dimension": one.dimension, "change": one.change}
                for one in self.open
            ],
            "buckets": {"sizes": [*self.buckets], "mean_padding": waste},
            "totals": self.totals,
            "why_no_totals": self.why_no_totals(),
            "support": {
                "source": self.target.source,
                "mark": self.target.mark,
                "date": self.target.date,
            },
            "operators": [one.as_dict() for one in self.nodes],
        }


def buckets(longest: int) -> tuple[int, ...]:
    """Sizes to compile for: doubling up to the longest."""
    found: list[int] = []
    size = min(SMALLEST_BUCKET, longest)
    while size < longest and len(found) < BUCKETS_MAX:
        found.append(size)
        size *= 2
    return (*found, longest)


def mean_padding(sizes: Sequence[int]) -> float:
    """Share of computed positions that are padding, lengths spread evenly up to the longest."""
    if not sizes:
        return 0.0
    used = sum(range(1, sizes[-1] + 1))
    computed, before = 0, 0
    for size in sizes:
        computed += (size - before) * size
        before = size
    return 1 - used / computed


def check(target: Target, model: str, wanted: Wanted) -> Check:
    """Never refuses a model for what the check is there to find."""
    if model.endswith(".onnx"):
        return _check_onnx(target, Path(model), wanted)
    graph = load(model, wanted)
    nodes = tuple(_node_of_graph(target, graph))
    fits, needed = _memory(target, graph)
    sizes = buckets(wanted.context or wanted.tokens)
    return Check(target, graph.name, nodes, (), graph.totals(), None, fits, needed, sizes)


def _memory(target: Target, graph: Graph) -> tuple[bool | None, int]:
    """Weights and the largest tensor beside them; None where the capacity is not published."""
    largest = max((one.activation_bytes // one.times for one in graph.operators), default=0)
    needed = graph.weight_bytes + largest
    if target.chip is None or target.chip.find("memory_capacity") is None:
        return None, needed
    return needed <= target.chip.capacity(), needed


def _node_of_graph(target: Target, graph: Graph) -> list[Node]:
    found = []
    for one in graph.operators:
        verdict, why = target.says(one.op)
        shape = f"{one.m}x{one.k}x{one.n} x{one.times}" if one.is_matrix else f"{one.outputs}"
        node = Node(one.name, one.op, verdict, why, "", one.weight_dtype, shape, one.macs)
        found.append(_with_dtype(target, node))
    return found


def _with_dtype(target: Target, node: Node) -> Node:
    """A format that the target does not compute in is a rewrite away."""
    is_matrix = node.op in MATRIX
    if node.verdict not in ("supported", "rewritten") or not is_matrix:
        return node
    if not node.dtype or node.dtype in target.dtypes:
        return node
    nearest = _nearest(node.dtype, target.dtypes)
    how = "quantise" if nearest in ("int8", "fp8", "int4", "uint8") else "cast"
    change = f"{how} to {nearest}"
    if how == "quantise":
        change += f": madang chips quantise … --to {nearest}"
    words = f"{target.name} computes in {', '.join(target.dtypes)}"
    return replace(node, verdict="rewritten", why=words, change=change)


def _nearest(dtype: str, known: Sequence[str]) -> str:
    """The widest format that is not wider, else the narrowest."""
    narrower = [one for one in known if BITS[one] <= BITS[dtype]]
    if narrower:
        return max(narrower, key=lambda one: (BITS[one], one in ("fp16", "bf16", "int8")))
    return min(known, key=lambda one: BITS[one])


def _check_onnx(target: Target, path: Path, wanted: Wanted) -> Check:
    try:
        model = load_model(path)
    except OperatorUnsupported as refused:
        fields = refused.fields
        words = (str(fields["name"]), str(fields["operator"]), str(fields["reason"]))
        node = Node(words[0], words[1], "refused", words[2], "export without it", "", "", 0)
        return Check(target, path.stem, (node,), (), None, refused, None, None, ())
    graph, why = _graph(path, wanted)
    sized = {one.name: one for one in graph.operators} if graph is not None else {}
    nodes = [_node_of_file(target, node, sized.get(_label(node))) for node in _all_nodes(model)]
    missing = _open(model, wanted)
    fits, needed = _memory(target, graph) if graph is not None else (None, None)
    totals = graph.totals() if graph is not None else None
    sizes = buckets(wanted.context or wanted.tokens) if missing else ()
    return Check(target, path.stem, tuple(nodes), missing, totals, why, fits, needed, sizes)


def _graph(path: Path, wanted: Wanted) -> tuple[Graph | None, Refused | None]:
    try:
        return load(str(path), wanted), None
    except (ShapeOpen, OperatorUnsupported, ModelMalformed) as refused:
        return None, refused


def _all_nodes(model: ModelProto) -> list[NodeProto]:
    """Nodes of the graph and of every branch in it."""
    waiting: list[GraphProto] = [model.graph]
    found: list[NodeProto] = []
    while waiting:
        graph = waiting.pop()
        for node in graph.node:
            found.append(node)
            waiting += [one.g for one in node.attribute if one.HasField("g")]
    return found


def _label(node: NodeProto) -> str:
    return node.name or (node.output[0] if node.output else node.op_type)


def _node_of_file(target: Target, node: NodeProto, sized: Operator | None) -> Node:
    verdict, why = target.says(node.op_type)
    dtype = shape = ""
    macs = 0
    if sized is not None:
        dtype, macs = sized.weight_dtype, sized.macs
        shape = f"{sized.m}x{sized.k}x{sized.n}" if sized.is_matrix else f"{sized.outputs}"
    made = Node(_label(node), node.op_type, verdict, why, "", dtype, shape, macs)
    return _with_dtype(target, made)


def _branch(node: Node, graph: Graph | None, missing: tuple[Open, ...]) -> Node:
    """A branch that shapes decide is taken; without shapes nobody can say."""
    if node.op != "If":
        return node
    if graph is not None:
        why = "decided by shapes and given values: the branch that runs is taken"
        return replace(node, verdict="rewritten", why=why)
    change = missing[0].change if missing else "--value INPUT=NUMBER, if an input decides it"
    return replace(node, change=change)


def _open(model: ModelProto, wanted: Wanted) -> tuple[Open, ...]:
    stored = {one.name for one in model.graph.initializer}
    named = {"batch", "batch_size", "N", "sequence", "sequence_length", *wanted.dims}
    found = []
    for value in model.graph.input:
        if value.name in stored or value.name in wanted.shapes:
            continue
        for i, dim in enumerate(value.type.tensor_type.shape.dim):
            if dim.dim_value > 0 or dim.dim_param in named:
                continue
            words = dim.dim_param or str(i)
            change = f"--dim {words}=SIZE" if dim.dim_param else f"--shape {value.name}=…"
            found.append(Open(value.name, words, change))
    return tuple(found)
