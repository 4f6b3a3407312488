"""A decode step: which operators run where, and whether the sum is the sum."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from madang.chips.errors import (
    FileMissing,
    ModelMalformed,
    OperatorUnsupported,
    ShapeOpen,
)
from madang.chips.pim.device import device
from madang.chips.pim.system.onnx_in import read_onnx
from madang.chips.pim.system.operators import decode_step, read_config, shape_from_config
from madang.chips.pim.system.step import run_step

LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32, "intermediate_size": 11008, "vocab_size": 32000,
}  # fmt: skip
GPT2 = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257}
REFUSED = [
    ({**LLAMA, "model_type": "mamba"}, OperatorUnsupported),
    ({**LLAMA, "num_local_experts": 8}, OperatorUnsupported),
    ({k: v for k, v in LLAMA.items() if k != "hidden_size"}, ModelMalformed),
    ({**LLAMA, "num_attention_heads": 33}, ModelMalformed),
    ({**LLAMA, "vocab_size": 0}, ModelMalformed),
]


@pytest.mark.parametrize(("config", "error"), REFUSED)
def test_configuration_is_refused(config, error) -> None:
    with pytest.raises(error):
        shape_from_config(config, "config.json")


@pytest.mark.parametrize(("text", "error"), [("{", ModelMalformed), ("[]", ModelMalformed)])
def test_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str, error) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(error):
        read_config(file)
    with pytest.raises(FileMissing):
        read_config(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("name", "profile", "gemv_ms"),
    [("hbm2-pim", "pimsimulator", 5.4), ("gddr6-aim", "aim_sim", 2.6)],
)
def test_llama_2_7b_matrices_take_the_measured_milliseconds(
    name: str, profile: str, gemv_ms: float
) -> None:
    operators = decode_step(shape_from_config(LLAMA, ""), 2048, 1)
    step = run_step(device(name, profile), operators, context=2048, batch=1)
    matrices = [one for one in step.placed if one.operator.kind == "matrix"]
    assert all(one.verdict == "pim" for one in matrices)
    total = sum(one.chosen.time_ns * one.operator.times for one in matrices)
    assert total / 1e6 == pytest.approx(gemv_ms, rel=0.01)


def test_times_and_energies_of_the_operators_add_up_and_pim_is_never_the_slower_choice() -> (
    None
):
    for config in (LLAMA, GPT2):
        operators = decode_step(shape_from_config(config, ""), 512, 2)
        step = run_step(device("gddr6-aim"), operators, context=512, batch=2)
        found = step.as_dict()
        assert sum(one["time_ns"] for one in found["operators"]) == pytest.approx(step.time_ns)
        assert step.time_ns <= step.host_ns
        assert found["energy_pj_per_token"] < found["without_pim_energy_pj_per_token"]


def test_pim_stops_paying_for_matrices_as_the_batch_grows() -> None:
    shape = shape_from_config(LLAMA, "")
    dev = device("hbm2-pim")
    small, large = (
        run_step(dev, decode_step(shape, 128, batch), context=128, batch=batch)
        for batch in (1, 8)
    )
    assert small.pim_only_ns > 0
    assert all(one.verdict == "host" for one in large.placed if one.operator.kind == "matrix")


def test_memory_is_counted_and_said() -> None:
    shape = shape_from_config(LLAMA, "")
    step = run_step(device("hbm2-pim"), decode_step(shape, 1024, 1), context=1024, batch=1)
    assert step.weight_bytes == 2 * shape.weights()
    assert step.cache_bytes == 2 * 2 * 32 * 1024 * 4096
    assert step.capacity_bytes == 4 << 30
    assert step.devices_needed == 4
    assert any("4 such devices" in note for note in step.notes)


def test_one_llama_step_is_simulated_within_its_budget() -> None:
    operators = decode_step(shape_from_config(LLAMA, ""), 1024, 1)
    dev = device("gddr6-aim")
    run_step(dev, operators, context=1024, batch=1)  # compiled and cached
    best = min(
        _seconds(lambda: run_step(dev, operators, context=1024, batch=1)) for _ in range(5)
    )
    assert best < 0.05


def _seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def small_model(path: Path, kind: str = "Relu", batch: int | str = "batch") -> Path:
    weight = numpy_helper.from_array(np.zeros((256, 4096), np.float16), "W")
    ends = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT16, [batch, w])
        for n, w in (("x", 256), ("z", 4096))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["y"], name="fc"),
        helper.make_node(kind, ["y"], ["z"], name="act"),
    ]
    graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], [weight])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9),
        path,
    )
    return path


def test_onnx_operators_are_placed(tmp_path: Path) -> None:
    operators = read_onnx(small_model(tmp_path / "a.onnx"), {"batch": 1})
    assert [(op.name, op.kind, op.out, op.inner) for op in operators] == [
        ("fc", "matrix", 4096, 256), ("act", "element", 0, 0),
    ]  # fmt: skip
    step = run_step(device("hbm2-pim"), operators, context=1, batch=1)
    assert step.placed[0].verdict == "pim"


def test_onnx_that_is_open_foreign_or_broken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeOpen):
        read_onnx(small_model(tmp_path / "b.onnx"), {})
    with pytest.raises(OperatorUnsupported):
        read_onnx(small_model(tmp_path / "c.onnx", "NonZero"), {"batch": 1})
    broken = tmp_path / "d.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ModelMalformed):
        read_onnx(broken, {})
    assert json.dumps(
        run_step(
            device("hbm2-pim"),
            read_onnx(small_model(tmp_path / "e.onnx", batch=3), {}),
            context=1,
            batch=3,
        ).as_dict()
    )
