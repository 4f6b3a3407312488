"""Hugging Face config.json, without weights: sizes of a transformer, whatever a family calls
them. Dense, grouped-query, mixture of experts, and encoders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from madang.chips.errors import FileMissing, ModelMalformed, OperatorUnsupported

Family = Literal["gated", "plain", "encoder"]
GATED = (
    *("llama", "mistral", "qwen2", "qwen3", "gemma", "phi3", "exaone", "exaone4"),
    *("mixtral", "qwen3_moe", "qwen2_moe", "olmoe"),
)
PLAIN = ("gpt2", "opt", "gpt_neox", "gptj")
ENCODERS = ("bert", "roberta", "electra")
EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
DIM_MAX = 1 << 24
EXPERTS_MAX = 4096
QUERY_NORM = ("qwen3", "qwen3_moe")
QKV_BIAS = ("qwen2", "qwen2_moe")


@dataclass(frozen=True, slots=True)
class Transformer:
    """Sizes of one model. `experts` is 0 where every token meets the whole layer."""

    name: str
    family: str
    kind: Family
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_width: int
    inner: int
    vocabulary: int
    positions: int = 0
    token_types: int = 0
    experts: int = 0
    experts_a_token: int = 0
    shared_inner: int = 0
    is_tied: bool = False

    def layer_weights(self) -> int:
        """Matrix weights of one layer, all experts counted."""
        attention = self.hidden * self.head_width * (2 * self.heads + 2 * self.kv_heads)
        feed = self.hidden * self.inner * (3 if self.kind == "gated" else 2)
        if not self.experts:
            return attention + feed
        shared = 3 * self.hidden * self.shared_inner
        return attention + self.experts * (feed + self.hidden) + shared

    def active_weights(self) -> int:
        """Matrix weights of one layer that one token meets."""
        if not self.experts:
            return self.layer_weights()
        idle = self.experts - self.experts_a_token
        return self.layer_weights() - idle * 3 * self.hidden * self.inner

    def cache_elements(self) -> int:
        """Keys and values of one token in all layers."""
        return 2 * self.layers * self.kv_heads * self.head_width


def _first(config: Mapping[str, object], names: tuple[str, ...], file: str) -> int:
    for name in names:
        value = config.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= DIM_MAX:
            raise ModelMalformed(file=file, reason=f"{name} is {value}", field=name)
        return value
    raise ModelMalformed(file=file, reason=f"no {' or '.join(names)}", field=names[0])


def _optional(
    config: Mapping[str, object], names: tuple[str, ...], default: int, file: str
) -> int:
    if any(config.get(name) is not None for name in names):
        return _first(config, names, file)
    return default


def _kind(family: str) -> Family:
    if family in GATED:
        return "gated"
    if family in PLAIN:
        return "plain"
    if family in ENCODERS:
        return "encoder"
    known = ", ".join((*GATED, *PLAIN, *ENCODERS))
    raise OperatorUnsupported(
        operator="transformer", name=family or "?", reason=f"known families: {known}"
    )


def transformer_from(config: Mapping[str, object], name: str, file: str) -> Transformer:
    family = str(config.get("model_type", ""))
    kind = _kind(family)
    if "kv_lora_rank" in config:
        raise OperatorUnsupported(
            operator="latent attention", name=family, reason="keys and values in one vector"
        )
    hidden = _first(config, ("hidden_size", "n_embd", "n_embed"), file)
    heads = _first(config, ("num_attention_heads", "n_head"), file)
    if "head_dim" not in config and hidden % heads:
        raise ModelMalformed(
            file=file, reason=f"{heads} heads do not divide {hidden}", field="heads"
        )
    kv_heads = _optional(config, ("num_key_value_heads",), heads, file)
    if heads % kv_heads:
        raise ModelMalformed(
            file=file,
            reason=f"{kv_heads} key heads do not divide {heads}",
            field="num_key_value_heads",
        )
    experts = _optional(config, EXPERTS, 0, file)
    inner = ("moe_intermediate_size",) if experts else ()
    inner = (*inner, "intermediate_size", "ffn_dim", "n_inner")
    default = 4 * hidden if kind == "plain" else 0
    found = Transformer(
        name,
        family,
        kind,
        _first(config, ("num_hidden_layers", "n_layer"), file),
        hidden,
        heads,
        kv_heads,
        _optional(config, ("head_dim",), hidden // heads, file),
        _optional(config, inner, default, file) or _first(config, inner, file),
        _first(config, ("vocab_size",), file),
        _positions(config, kind, family, file),
        _optional(config, ("type_vocab_size",), 0, file) if kind == "encoder" else 0,
        experts,
        _optional(config, ("num_experts_per_tok",), 2, file) if experts else 0,
        _optional(config, ("shared_expert_intermediate_size",), 0, file) if experts else 0,
        bool(config.get("tie_word_embeddings", kind == "plain")),
    )
    if found.experts and not found.experts_a_token <= found.experts <= EXPERTS_MAX:
        raise ModelMalformed(
            file=file,
            reason=f"{found.experts_a_token} of {found.experts} experts",
            field="num_experts_per_tok",
        )
    return found


def _positions(config: Mapping[str, object], kind: Family, family: str, file: str) -> int:
    """Rows of a learned table of positions; rotary families have none."""
    if kind == "gated" or family in ("gpt_neox", "gptj"):
        return 0
    return _first(config, ("max_position_embeddings", "n_positions", "n_ctx"), file)


def read_config(path: Path) -> Transformer:
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        config = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as err:
        raise ModelMalformed(file=str(path), reason="not JSON") from err
    if not isinstance(config, dict):
        raise ModelMalformed(file=str(path), reason="not an object")
    return transformer_from(config, path.parent.name or path.stem, str(path))
