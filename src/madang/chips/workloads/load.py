"""One door for every model: a file by its kind, or a name of the catalogue."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path

from madang.chips.errors import ModelMalformed, ModelUnknown
from madang.chips.workloads.configs import Transformer, read_config, transformer_from
from madang.chips.workloads.graph import BITS, Graph
from madang.chips.workloads.resnet import resnet50
from madang.chips.workloads.topology import read_topology
from madang.chips.workloads.transformers import Pass, graph_of

FOLDER = "madang.chips.workloads.models"
SPELLED = {
    "llama2-7b": "llama-2-7b",
    "llama2-70b": "llama-2-70b",
    "llama3.1-8b": "llama-3.1-8b",
    "llama3.1-70b": "llama-3.1-70b",
    "llama3.3-70b": "llama-3.3-70b",
    "gpt-2": "gpt2",
    "bert": "bert-base",
    "resnet-50": "resnet50",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller says about the sizes that a file leaves open."""

    batch: int = 1
    tokens: int = 128
    context: int = 0
    dtype: str = ""
    all_logits: bool = False
    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)

    def one_pass(self) -> Pass:
        context = self.context or self.tokens
        dtype = self.dtype or "fp16"
        return Pass(self.batch, self.tokens, context, dtype, self.all_logits)


def names() -> list[str]:
    folder = resources.files(FOLDER)
    files = [one.name for one in folder.iterdir() if one.name.endswith(".json")]
    return sorted([*(name.removesuffix(".json") for name in files), "resnet50"])


@cache
def known(name: str) -> Transformer:
    """A transformer of the catalogue."""
    name = _spelled(name)
    if name not in names() or name == "resnet50":
        near = difflib.get_close_matches(name, names(), 3, 0.4)
        raise ModelUnknown(model=name, known=", ".join(near or names()))
    text = resources.files(FOLDER).joinpath(f"{name}.json").read_text("utf-8")
    return transformer_from(json.loads(text), name, name)


def _spelled(name: str) -> str:
    lower = name.lower().removesuffix("-hf").removesuffix("-instruct")
    return SPELLED.get(lower, lower)


def transformer(model: str) -> Transformer:
    """A name of the catalogue, a config.json, or a folder that holds one."""
    path = Path(model)
    if path.is_dir():
        return read_config(path / "config.json")
    if path.suffix == ".json":
        return read_config(path)
    if path.suffix in (".onnx", ".csv"):
        raise ModelMalformed(file=model, reason="a language model comes as its config.json")
    return known(model)


def load(model: str, wanted: Wanted | None = None) -> Graph:
    """A graph of any model. `.onnx`, `.csv` (SCALE-Sim), `.json` or a name."""
    wanted = wanted or Wanted()
    _known_dtype(wanted.dtype)
    path = Path(model)
    if path.suffix == ".onnx":
        from madang.chips.workloads.onnx_in import read_onnx  # noqa: PLC0415  heavy

        named = {"batch": wanted.batch, "batch_size": wanted.batch, "N": wanted.batch}
        named |= {"sequence": wanted.tokens, "sequence_length": wanted.tokens}
        graph = read_onnx(path, {**named, **wanted.dims}, wanted.shapes, wanted.values)
        return with_dtype(graph, wanted.dtype) if wanted.dtype else graph
    if path.suffix == ".csv":
        return read_topology(path, wanted.dtype or "int8")
    if _spelled(model) == "resnet50":
        return with_dtype(resnet50(wanted.batch), wanted.dtype or "int8")
    return graph_of(transformer(model), wanted.one_pass())


def _known_dtype(dtype: str) -> None:
    if dtype and dtype not in BITS:
        raise ModelMalformed(
            file="--dtype", field="dtype", reason=f"{dtype}: one of {', '.join(BITS)}"
        )


def with_dtype(graph: Graph, dtype: str) -> Graph:
    """Every operator in one number format."""
    made = (replace(one, dtype=dtype, weight_dtype=dtype) for one in graph.operators)
    return replace(graph, operators=tuple(made))
