"""One decode step as a list of operators, from a Hugging Face config.json.

A decode step produces one token for each sequence of the batch: every matrix is read once and
multiplied with `batch` vectors, every sequence reads its own keys and values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from madang.chips.errors import FileMissing, ModelMalformed, OperatorUnsupported

Kind = Literal["matrix", "score", "context", "element", "host"]
GATED = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "phi3", "exaone")
PLAIN = ("gpt2", "opt", "gpt_neox", "gptj", "bloom")
DIM_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Operator:
    """`out` x `inner` with `vectors`, or `heads` of `length` x `width`; `times` in one step."""

    name: str
    kind: Kind
    times: int
    out: int = 0
    inner: int = 0
    vectors: int = 1
    heads: int = 0
    length: int = 0
    width: int = 0
    elements: int = 0
    kernel: str = ""
    note: str = ""

    @property
    def passes(self) -> int:
        """Score and context in one operator read keys and values."""
        return 2 if self.kernel == "attention" else 1

    def weights(self) -> int:
        return self.out * self.inner if self.kind == "matrix" else 0

    def values(self) -> int:
        """Values that the host would read or write."""
        if self.kind == "matrix":
            return self.weights() + self.vectors * (self.out + self.inner)
        if self.kind in ("score", "context"):
            one = self.length * self.width + self.vectors * (self.length + self.width)
            return self.heads * one * self.passes
        return self.elements

    def flops(self) -> float:
        if self.kind == "matrix":
            return 2.0 * self.out * self.inner * self.vectors
        if self.kind in ("score", "context"):
            return 2.0 * self.heads * self.length * self.width * self.vectors * self.passes
        return float(self.elements)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a decoder, whatever its family calls them."""

    family: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_width: int
    inner: int
    vocabulary: int
    gated: bool

    def weights(self) -> int:
        attention = self.hidden * self.head_width * (2 * self.heads + 2 * self.kv_heads)
        feed = self.hidden * self.inner * (3 if self.gated else 2)
        return self.layers * (attention + feed) + self.hidden * self.vocabulary


def _first(config: Mapping[str, object], names: tuple[str, ...], file: str) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            if not 1 <= value <= DIM_MAX:
                raise ModelMalformed(file=file, reason=f"{name} is {value}", field=name)
            return value
    raise ModelMalformed(file=file, reason=f"no {' or '.join(names)}", field=names[0])


def shape_from_config(config: Mapping[str, object], file: str) -> Shape:
    family = str(config.get("model_type", ""))
    if any(key in config for key in ("num_local_experts", "n_routed_experts", "num_experts")):
        raise OperatorUnsupported(
            operator="mixture of experts",
            name=family,
            reason="which experts a token meets is not known from a configuration",
        )
    if family not in GATED + PLAIN:
        known = ", ".join(GATED + PLAIN)
        raise OperatorUnsupported(
            operator="decoder", name=family, reason=f"known families: {known}"
        )
    hidden = _first(config, ("hidden_size", "n_embd", "n_embed"), file)
    heads = _first(config, ("num_attention_heads", "n_head"), file)
    if hidden % heads:
        raise ModelMalformed(
            file=file, reason=f"{heads} heads do not divide {hidden}", field="heads"
        )
    defaults = {"kv": heads, "width": hidden // heads, "inner": 4 * hidden}
    filled = {
        "num_key_value_heads": defaults["kv"],
        "head_dim": defaults["width"],
        **{key: value for key, value in config.items() if value is not None},
    }
    if family in PLAIN:
        filled.setdefault("n_inner", defaults["inner"])
    kv_heads = _first(filled, ("num_key_value_heads",), file)
    if heads % kv_heads:
        raise ModelMalformed(
            file=file,
            reason=f"{kv_heads} key-value heads do not divide {heads}",
            field="num_key_value_heads",
        )
    return Shape(
        family,
        _first(config, ("num_hidden_layers", "n_layer"), file),
        hidden,
        heads,
        kv_heads,
        _first(filled, ("head_dim",), file),
        _first(filled, ("intermediate_size", "ffn_dim", "n_inner"), file),
        _first(config, ("vocab_size",), file),
        family in GATED,
    )


def read_config(path: Path) -> Shape:
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        config = json.loads(path.read_bytes())
    except ValueError as err:
        raise ModelMalformed(file=str(path), reason="not JSON") from err
    if not isinstance(config, dict):
        raise ModelMalformed(file=str(path), reason="not an object")
    return shape_from_config(config, str(path))


def decode_step(shape: Shape, context: int, batch: int) -> list[Operator]:
    """Operators of one token: attention and feed-forward of all layers, then the vocabulary."""
    n, hidden, wide = shape.layers, shape.hidden, shape.head_width
    kv, group = shape.kv_heads * batch, shape.heads // shape.kv_heads
    stays = "stays on the host"
    found = [
        _matrix("query", n, shape.heads * wide, hidden, batch),
        _matrix("key, value", 2 * n, shape.kv_heads * wide, hidden, batch),
        _attention("score", n, kv, context, wide, group),
        Operator(
            "softmax",
            "host",
            n,
            elements=2 * shape.heads * batch * context,
            note="exp " + stays,
        ),
        _attention("context", n, kv, context, wide, group),
        _matrix("output", n, hidden, shape.heads * wide, batch),
        Operator(
            "norms, rotation",
            "host",
            n,
            elements=6 * hidden * batch,
            note="reduction " + stays,
        ),
        _element("residual add", 2 * n, hidden * batch, "add"),
    ]
    if shape.gated:
        found += [
            _matrix("gate, up", 2 * n, shape.inner, hidden, batch),
            Operator(
                "activation",
                "host",
                n,
                elements=2 * shape.inner * batch,
                note="SiLU " + stays,
            ),
            _element("gating", n, shape.inner * batch, "mul"),
        ]
    else:
        found += [
            _matrix("up", n, shape.inner, hidden, batch),
            Operator(
                "activation",
                "host",
                n,
                elements=2 * shape.inner * batch,
                note="GELU " + stays,
            ),
        ]
    found.append(_matrix("down", n, hidden, shape.inner, batch))
    return [*found, _matrix("vocabulary", 1, shape.vocabulary, hidden, batch)]


def _matrix(name: str, times: int, out: int, inner: int, vectors: int) -> Operator:
    return Operator(name, "matrix", times, out, inner, vectors)


def _attention(
    kind: Literal["score", "context"],
    times: int,
    heads: int,
    length: int,
    width: int,
    vectors: int,
) -> Operator:
    return Operator(kind, kind, times, heads=heads, length=length, width=width, vectors=vectors)


def _element(name: str, times: int, elements: int, kernel: str) -> Operator:
    return Operator(name, "element", times, elements=elements, kernel=kernel)
