"""A transformer as a graph: one forward pass of `batch` sequences.

`tokens` new tokens for each sequence meet `context` keys, their own included: a prompt is
tokens = context, one step of generation is tokens = 1. Attention is counted in full, not by
half, because a dense array computes the whole square. Experts are filled evenly: a token meets
`experts_a_token` of them, so MAC are exact whatever the router decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from madang.chips.errors import ShapeImpossible
from madang.chips.workloads.configs import QKV_BIAS, QUERY_NORM, Transformer
from madang.chips.workloads.graph import Graph, Operator, product, vector

BATCH_MAX, CONTEXT_MAX = 1 << 16, 1 << 24


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass; `all_logits` for every position, as a plain export computes them."""

    batch: int = 1
    tokens: int = 128
    context: int = 128
    dtype: str = "fp16"
    all_logits: bool = False

    def __post_init__(self) -> None:
        for name, value, most in (
            ("batch", self.batch, BATCH_MAX),
            ("tokens", self.tokens, CONTEXT_MAX),
            ("context", self.context, CONTEXT_MAX),
        ):
            if not 1 <= value <= most:
                nearest = min(max(1, value), most)
                raise ShapeImpossible(
                    what=name, value=value, reason=f"1 to {most}", nearest=nearest
                )
        if self.tokens > self.context:
            raise ShapeImpossible(
                what="tokens",
                value=self.tokens,
                reason="new tokens are part of the context",
                nearest=self.context,
            )

    @property
    def rows(self) -> int:
        return self.batch * self.tokens


def graph_of(model: Transformer, one: Pass) -> Graph:
    operators = [*_embedding(model, one), *_attention(model, one), *_feed(model, one)]
    operators += _head(model, one)
    notes = []
    if model.experts:
        notes.append(
            f"{model.experts_a_token} of {model.experts} experts a token, filled evenly"
        )
    made = tuple(replace(op, dtype=one.dtype, weight_dtype=one.dtype) for op in operators)
    return Graph(model.name, "config.json", made, tuple(notes))


def _norm(model: Transformer, name: str, rows: int, times: int, width: int = 0) -> Operator:
    """RMS norm has one weight for each element, layer norm two."""
    width = width or model.hidden
    weights = width if model.kind == "gated" else 2 * width
    op = "RMSNormalization" if model.kind == "gated" else "LayerNormalization"
    return replace(vector(name, op, rows * width, times=times, flops=5), weights=weights)


def _bias(name: str, rows: int, width: int, times: int) -> Operator:
    return replace(vector(name, "Add", rows * width, times=times), weights=width)


def _linear(
    name: str, rows: int, out: int, inner: int, times: int, *, biased: bool
) -> list[Operator]:
    found = [product(name, rows, out, inner, times=times)]
    return [*found, _bias(f"{name} bias", rows, out, times)] if biased else found


def _embedding(model: Transformer, one: Pass) -> list[Operator]:
    tables = model.vocabulary + model.positions + model.token_types
    gather = Operator(
        "embedding",
        "Gather",
        "move",
        inputs=one.rows,
        weights=tables * model.hidden,
        outputs=one.rows * model.hidden,
    )
    found = [gather]
    if model.positions:
        found.append(vector("positions", "Add", one.rows * model.hidden))
    if model.kind == "encoder":
        found.append(_norm(model, "embedding norm", one.rows, 1))
    return found


def _attention(model: Transformer, one: Pass) -> list[Operator]:
    n, rows, hidden, wide = model.layers, one.rows, model.hidden, model.head_width
    queries, keys = model.heads * wide, model.kv_heads * wide
    biased = model.kind != "gated"
    group = model.heads // model.kv_heads
    times = n * one.batch * model.kv_heads
    scores = one.batch * model.heads * one.tokens * one.context
    found = [_norm(model, "norm before attention", rows, n)]
    pair = biased or model.family in QKV_BIAS
    found += _linear("query", rows, queries, hidden, n, biased=pair)
    found += _linear("key", rows, keys, hidden, n, biased=pair)
    found += _linear("value", rows, keys, hidden, n, biased=pair)
    if model.family in QUERY_NORM:
        found.append(_norm(model, "query norm", rows * model.heads, n, wide))
        found.append(_norm(model, "key norm", rows * model.kv_heads, n, wide))
    if not model.positions:
        found.append(
            vector("rotation", "RotaryEmbedding", rows * (queries + keys), times=n, flops=3)
        )
    m = group * one.tokens
    found += [
        product("score", m, one.context, wide, times=times, stored=False),
        vector("scale and softmax", "Softmax", scores, times=n, flops=6),
        product("weighted values", m, wide, one.context, times=times, stored=False),
    ]
    found += _linear("output", rows, hidden, queries, n, biased=biased)
    return [*found, vector("residual", "Add", rows * hidden, times=n)]


def _feed(model: Transformer, one: Pass) -> list[Operator]:
    n, rows, hidden = model.layers, one.rows, model.hidden
    found = [_norm(model, "norm before feed-forward", rows, n)]
    if model.experts:
        found += _experts(model, rows)
    elif model.kind == "gated":
        found += _gated(model, "", rows, model.inner, n)
    else:
        found += _linear("up", rows, model.inner, hidden, n, biased=True)
        found.append(vector("activation", "Gelu", rows * model.inner, times=n, flops=8))
        found += _linear("down", rows, hidden, model.inner, n, biased=True)
    return [*found, vector("residual after", "Add", rows * hidden, times=n)]


def _gated(
    model: Transformer, prefix: str, rows: int, inner: int, times: int
) -> list[Operator]:
    return [
        product(f"{prefix}gate", rows, inner, model.hidden, times=times),
        product(f"{prefix}up", rows, inner, model.hidden, times=times),
        vector(f"{prefix}SiLU and gating", "Swish", rows * inner, times=times, flops=5),
        product(f"{prefix}down", rows, model.hidden, inner, times=times),
    ]


def _experts(model: Transformer, rows: int) -> list[Operator]:
    """Router, experts with their even share of the tokens, experts that nobody meets."""
    n, hidden = model.layers, model.hidden
    found = [product("router", rows, model.experts, hidden, times=n)]
    found.append(vector("choice of experts", "TopK", rows * model.experts, times=n, flops=6))
    visits = rows * model.experts_a_token
    active = min(model.experts, visits)
    low, more = divmod(visits, active)
    if more:
        found += _gated(model, "expert+ ", low + 1, model.inner, n * more)
    found += _gated(model, "expert ", low, model.inner, n * (active - more))
    idle = model.experts - active
    if idle:
        size = 3 * hidden * model.inner
        found.append(Operator("idle experts", "Gather", "move", n * idle, weights=size))
    if model.shared_inner:
        found += _gated(model, "shared expert ", rows, model.shared_inner, n)
    return found


def _head(model: Transformer, one: Pass) -> list[Operator]:
    hidden = model.hidden
    if model.kind == "encoder":
        pooled = _linear("pooler", one.batch, hidden, hidden, 1, biased=True)
        return [*pooled, vector("pooler tanh", "Tanh", one.batch * hidden, flops=4)]
    rows = one.rows if one.all_logits else one.batch
    logits = product("vocabulary", rows, model.vocabulary, hidden)
    if model.is_tied:
        logits = replace(logits, note="weights are the embedding's, counted there", weights=0)
        logits = replace(logits, inputs=logits.inputs + model.vocabulary * hidden)
    return [_norm(model, "last norm", rows, 1), logits]
