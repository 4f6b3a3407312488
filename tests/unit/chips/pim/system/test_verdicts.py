"""Goal: a verdict for every operator of a model, with the reason, the limit and what works.

Method: a graph that holds one operator of each fate, and configurations at their limits.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from madang.chips.errors import KernelUnsupported, ModelMalformed, ShapeOpen
from madang.chips.pim.device import device
from madang.chips.pim.system.load import decode
from madang.chips.pim.system.verdicts import Checked, check
from madang.cli.main import run

LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32,
    "intermediate_size": 11008, "vocab_size": 32000,
}  # fmt: skip


def every_fate(path: Path) -> Path:
    """fc (product), act (relu), both (add), bias (broadcast), soft, mix (two activations),
    image (convolution), find (refused)."""
    half = TensorProto.FLOAT16
    stored = [
        numpy_helper.from_array(np.zeros((1024, 4096), np.float16), "W"),
        numpy_helper.from_array(np.zeros(4096, np.float16), "b"),
        numpy_helper.from_array(np.zeros((256, 64, 3, 3), np.float16), "K"),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["y"], name="fc"),
        helper.make_node("Relu", ["y"], ["r"], name="act"),
        helper.make_node("Add", ["r", "y"], ["s"], name="both"),
        helper.make_node("Add", ["s", "b"], ["t"], name="bias"),
        helper.make_node("Softmax", ["t"], ["p"], name="soft"),
        helper.make_node("MatMul", ["q", "k"], ["m"], name="mix"),
        helper.make_node("Conv", ["i", "K"], ["c"], name="image"),
        helper.make_node("NonZero", ["p"], ["z"], name="find"),
    ]
    sizes = {"x": ["batch", 1024], "q": [8, 1, 64], "k": [8, 64, 512], "i": [1, 64, 3, 3]}
    inputs = [helper.make_tensor_value_info(n, half, shape) for n, shape in sizes.items()]
    ends = {"p": ["batch", 4096], "m": [8, 1, 512], "c": [1, 256, 1, 1]}
    outputs = [helper.make_tensor_value_info(n, half, shape) for n, shape in ends.items()]
    outputs.append(helper.make_tensor_value_info("z", TensorProto.INT64, [2, "found"]))
    graph = helper.make_graph(nodes, "fates", inputs, outputs, stored)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


def by_name(found: Checked) -> dict[str, tuple[str, str]]:
    return {one.name: (one.verdict, one.why) for one in found.verdicts}


def test_every_operator_of_a_graph_gets_its_verdict_and_its_reason(tmp_path: Path) -> None:
    found = check(device("hbm2-pim"), every_fate(tmp_path / "a.onnx"))
    verdicts = by_name(found)
    assert verdicts["fc"] == ("pim", "faster on PIM")
    assert verdicts["find"][0] == "refused"
    assert "depends on values" in verdicts["find"][1]
    assert verdicts["bias"][0] == verdicts["soft"][0] == "host"
    assert "broadcast" in verdicts["bias"][1]
    assert "no unit computes it" in verdicts["soft"][1]
    assert set(verdicts) == {"fc", "act", "both", "bias", "soft", "mix", "image", "find"}
    assert sum(found.counts.values()) == 8
    for one in found.verdicts:
        assert one.why
        assert one.nearest
        if one.verdict == "host" and one.pim_ns is not None:
            assert one.host_ns is not None
            assert one.pim_ns >= one.host_ns
            assert one.limit.startswith("faster than")


def test_a_rewrite_says_what_it_was_rewritten_to(tmp_path: Path) -> None:
    fast_pim = device("hbm2-pim", host_bandwidth_use=0.001)
    verdicts = by_name(check(fast_pim, every_fate(tmp_path / "a.onnx")))
    assert verdicts["mix"] == ("rewritten", "rewritten as one product for each head")
    assert verdicts["image"] == (
        "rewritten",
        "rewritten as a product of its windows with the filters",
    )
    assert verdicts["act"][0] == verdicts["both"][0] == "pim"


def test_a_batch_that_stops_paying_is_told_which_batch_pays(tmp_path: Path) -> None:
    file = every_fate(tmp_path / "a.onnx")
    found = check(device("hbm2-pim"), file, batch=64)
    fc = next(one for one in found.verdicts if one.name == "fc")
    assert fc.verdict == "host"
    assert "times as long" in fc.why
    assert fc.nearest == "one vector (batch 1) runs on PIM"


def test_what_a_device_refuses_stays_on_the_host_with_limit_and_nearest(tmp_path: Path) -> None:
    file = every_fate(tmp_path / "a.onnx")
    small = device("hbm2-pim", data_rows=8)
    fc = next(one for one in check(small, file).verdicts if one.name == "fc")
    assert (fc.verdict, fc.limit) == ("host", "8 rows a bank")
    assert fc.nearest == "out 4096, in 768"
    aim = {one.name: one for one in check(device("gddr6-aim"), file).verdicts}
    assert aim["both"].verdict == "host"
    assert "mul" in aim["both"].nearest


def test_a_model_is_measured_against_the_memory(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(LLAMA))
    wide = check(device("gddr6-aim"), config, context=1024)
    assert wide.devices_needed == 1
    assert wide.context_max is not None
    assert wide.context_max > 1024
    assert check(device("gddr6-aim"), config, context=wide.context_max).devices_needed == 1
    over = check(device("gddr6-aim"), config, context=wide.context_max + 1)
    assert (over.devices_needed, over.as_dict()["fits"]) == (2, False)
    drawn = decode(device("gddr6-aim"), config)._repr_svg_()
    assert "vocabulary" in drawn
    attention = check(device("hbm3-attacc"), config)
    assert "attention" in by_name(attention)


@pytest.mark.parametrize(
    ("config", "operator"),
    [
        ({**LLAMA, "num_local_experts": 8}, "mixture of experts"),
        ({"model_type": "x"}, "decoder"),
    ],
)
def test_a_configuration_that_nobody_places_is_one_refused_verdict(
    tmp_path: Path, config: dict[str, object], operator: str
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    found = check(device("hbm2-pim"), file)
    assert [(one.verdict, one.operator) for one in found.verdicts] == [("refused", operator)]
    assert found.as_dict()["fits"] is False


def test_what_cannot_be_checked_is_refused_by_name(tmp_path: Path) -> None:
    file = every_fate(tmp_path / "a.onnx")
    config = tmp_path / "config.json"
    config.write_text(json.dumps(LLAMA))
    for name, dtype in (("hbm2-pim", "fp7"), ("upmem-v1", "")):
        with pytest.raises(KernelUnsupported):
            check(device(name), file, dtype=dtype)
        with pytest.raises(KernelUnsupported):
            decode(device(name), config, dtype=dtype)
    text = onnx.load(str(file))
    text.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "crowd"
    onnx.save(text, str(file))
    with pytest.raises(ShapeOpen):
        check(device("hbm2-pim"), file)
    assert check(device("hbm2-pim"), file, dims={"crowd": 1}).counts["pim"] >= 1
    file.write_bytes(b"no model")
    with pytest.raises(ModelMalformed):
        check(device("hbm2-pim"), file)


def test_command_exits_with_one_when_an_operator_is_refused(tmp_path: Path, capsys) -> None:
    file = str(every_fate(tmp_path / "a.onnx"))
    words = ["chips", "check", file, "--device", "hbm2-pim", "--dim", "batch=1"]
    assert run(words) == 1
    told = capsys.readouterr().out
    assert "refused 1" in told
    assert run([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["counts"]["refused"] == 1
    keys = {"name", "operator", "times", "verdict", "why", "limit", "nearest"}
    assert keys <= set(found["operators"][0])
    assert run([*words[:-1], "batch"]) == 2
