"""Goal: exact totals from sizes alone. Method: published parameter counts, and hand sums."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from madang.chips.errors import ModelMalformed, ModelUnknown, OperatorUnsupported
from madang.chips.workloads.configs import read_config, transformer_from
from madang.chips.workloads.load import Wanted, known, load, names, transformer
from madang.chips.workloads.transformers import Pass, graph_of

PARAMETERS = {
    "llama-2-7b": 6_738_415_616,
    "llama-2-70b": 68_976_648_192,
    "llama-3.1-8b": 8_030_261_248,
    "llama-3.1-70b": 70_553_706_496,
    "mistral-7b": 7_241_732_096,
    "mixtral-8x7b": 46_702_792_704,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-32b": 32_762_123_264,
    "gpt2": 124_439_808,
    "bert-base": 109_482_240,
    "bert-large": 335_141_888,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_that_the_makers_publish(name: str) -> None:
    assert load(name).parameters == PARAMETERS[name]


def test_every_name_of_the_catalogue_loads() -> None:
    assert {load(name).macs > 0 for name in names()} == {True}


def test_resnet50_has_its_known_totals() -> None:
    graph = load("resnet50")
    assert (graph.macs, graph.parameters, len(graph.matrices())) == (
        4_089_184_256,
        25_502_912,
        54,
    )


def test_macs_of_a_decode_step_by_hand() -> None:
    model = known("llama-3.1-8b")
    batch, context = 3, 100
    graph = graph_of(model, Pass(batch, 1, context))
    linear = 32 * (4096 * 128 * (32 + 8 + 8) + 4096 * 4096 + 3 * 4096 * 14336)
    attention = 32 * 2 * 32 * 128 * context
    assert graph.macs == batch * (linear + attention + 4096 * 128256)


@pytest.mark.parametrize("rows", [1, 3, 4, 5, 64])
def test_experts_get_every_token_once_for_each_choice(rows: int) -> None:
    model = known("mixtral-8x7b")
    graph = graph_of(model, Pass(rows, 1, 1))
    macs = sum(one.macs for one in graph.operators if one.name.startswith("expert"))
    assert macs == rows * 2 * 3 * 4096 * 14336 * 32
    assert graph.parameters == PARAMETERS["mixtral-8x7b"]


def test_the_digest_of_the_work_does_not_know_names_or_order() -> None:
    graph = load("gpt2")
    turned = type(graph)("other", "elsewhere", tuple(reversed(graph.operators)))
    assert turned.work_sha256() == graph.work_sha256()
    assert turned.sha256() != graph.sha256()
    assert load("gpt2", Wanted(tokens=64)).work_sha256() != graph.work_sha256()


def test_a_folder_with_a_config_is_a_model(tmp_path: Path) -> None:
    config = {"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 10}
    (tmp_path / "config.json").write_text(json.dumps({**config, "n_positions": 4}))
    assert transformer(str(tmp_path)).hidden == 8


GOOD = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 100,
}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"model_type": "mamba"}, OperatorUnsupported),
        ({"kv_lora_rank": 512}, OperatorUnsupported),
        ({"hidden_size": 63}, ModelMalformed),
        ({"hidden_size": "64"}, ModelMalformed),
        ({"hidden_size": -1}, ModelMalformed),
        ({"num_key_value_heads": 3}, ModelMalformed),
        ({"num_hidden_layers": 10**9}, ModelMalformed),
        ({"vocab_size": None}, ModelMalformed),
        ({"num_experts": 4, "num_experts_per_tok": 5}, ModelMalformed),
        ({"num_experts": 4, "num_experts_per_tok": True}, ModelMalformed),
    ],
)
def test_impossible_configurations_are_refused(change, error) -> None:
    assert transformer_from(GOOD, "x", "x").heads == 4
    with pytest.raises(error):
        transformer_from({**GOOD, **change}, "x", "x")


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, "\x00"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(ModelMalformed):
        read_config(file)


def test_an_unknown_name_says_what_is_near() -> None:
    with pytest.raises(ModelUnknown) as refused:
        load("llama-3.1-9b")
    assert "llama-3.1-8b" in str(refused.value)
