"""Graphs that viewers open, with a run's numbers on every node: ONNX for netron, JSON for Model
Explorer. An ONNX model is annotated in place; any other graph becomes a chain of its operators.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from onnx import ModelProto, TensorProto, helper

from madang.chips.errors import ShapeImpossible
from madang.chips.npu.run import LayerRun, Run

SHOWN = (
    *("m", "k", "n", "times", "macs", "total_cycles", "stall_cycles", "vector_cycles"),
    *("overall_util", "dram_ifmap_reads", "dram_filter_reads", "dram_ofmap_writes", "bound"),
)
SUFFIXES = (".onnx", ".json")


def notes_of(one: LayerRun) -> dict[str, str]:
    """A layer's numbers as text."""
    found = {}
    for name in SHOWN:
        value = getattr(one, name)
        found[name] = f"{value:.3f}" if isinstance(value, float) else str(value)
    return found


def annotated(model: ModelProto, run: Run) -> ModelProto:
    """A copy of an ONNX model whose nodes carry their layer's numbers."""
    rows = {one.name: notes_of(one) for one in run.layers}
    found = ModelProto()
    found.CopyFrom(model)
    for node in found.graph.node:
        notes = rows.get(node.name or (node.output[0] if node.output else ""))
        if notes is None:
            continue
        node.doc_string = "\n".join(f"{key}: {value}" for key, value in notes.items())
        for key, value in notes.items():
            entry = node.metadata_props.add()
            entry.key, entry.value = f"madang.{key}", value
    return found


def chain(run: Run) -> ModelProto:
    """A graph without a file as ONNX: its operators in order, numbers as descriptions."""
    nodes, before = [], "input"
    for number, one in enumerate(run.layers):
        out = f"value_{number}"
        operator = run.graph.operators[number]
        node = helper.make_node(operator.op, [before], [out], name=f"{number} {one.name}")
        notes = notes_of(one)
        node.doc_string = "\n".join(f"{key}: {value}" for key, value in notes.items())
        for key, value in notes.items():
            entry = node.metadata_props.add()
            entry.key, entry.value = f"madang.{key}", value
        nodes.append(node)
        before = out
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in ("input", before)
    ]
    graph = helper.make_graph(nodes, run.graph.name, ends[:1], ends[1:])
    graph.doc_string = f"{run.graph.source}; work {run.graph.work_sha256()}"
    return helper.make_model(graph, producer_name="madang")


def explorer(run: Run, sources: Mapping[int, int] | None = None) -> str:
    """Model Explorer's graph JSON; `sources` says after which node each one comes."""
    nodes: list[dict[str, object]] = []
    for number, one in enumerate(run.layers):
        before = number - 1 if sources is None else sources.get(number, number - 1)
        notes = notes_of(one)
        node: dict[str, object] = {
            "id": str(number),
            "label": run.graph.operators[number].op,
            "namespace": one.name.split(" ")[0],
            "attrs": [{"key": "name", "value": one.name}]
            + [{"key": key, "value": value} for key, value in notes.items()],
            "incomingEdges": [{"sourceNodeId": str(before)}] if before >= 0 else [],
        }
        nodes.append(node)
    graph = {"id": run.graph.name, "nodes": nodes}
    found = [{"label": run.graph.name, "graphs": [graph]}]
    return json.dumps(found, separators=(",", ":"))


def write(run: Run, file: Path, model: ModelProto | None) -> None:
    if file.suffix not in SUFFIXES:
        raise ShapeImpossible(
            what="--graph",
            value=file.name,
            reason="the suffix says which",
            nearest=".onnx, .json",
        )
    if file.suffix == ".json":
        file.write_text(explorer(run), encoding="utf-8")
        return
    made = annotated(model, run) if model is not None else chain(run)
    file.write_bytes(made.SerializeToString())
