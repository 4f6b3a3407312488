"""Every node of every model gets a verdict with a reason, whatever is wrong with the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from madang.chips.errors import ChipUnknown
from madang.chips.npu.check.judge import buckets, check, mean_padding
from madang.chips.npu.check.targets import is_target, target, targets
from madang.chips.workloads.load import Wanted, names
from madang.chips.workloads.onnx_tables import FREE, MATRIX, MOVED, VECTOR

VERDICTS = {"supported", "rewritten", "host fallback", "refused", "not known"}


def model_file(folder: Path, *nodes, first=("rows", 8), domain: str = "") -> Path:
    weight = numpy_helper.from_array(np.ones((8, 8), np.float32), "w")
    made = [
        helper.make_node(op, list(inputs), [out], name=f"n{i}", domain=domain)
        for i, (op, inputs, out) in enumerate(nodes)
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, list(first))
    y = helper.make_tensor_value_info(nodes[-1][2], TensorProto.FLOAT, [None, None])
    graph = helper.make_graph(made, "g", [x], [y], [weight])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.maker", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 9
    file = folder / "m.onnx"
    onnx.save(model, file)
    return file


PRODUCT = ("MatMul", ("x", "w"), "y")


@pytest.mark.parametrize("name", list(targets()))
def test_every_operator_of_the_tables_has_a_verdict_with_a_reason(name: str) -> None:
    for op in (*FREE, *MATRIX, *MOVED, *VECTOR, "If", "Nonsense"):
        verdict, why = target(name).says(op)
        assert verdict in VERDICTS
        assert why


@pytest.mark.parametrize("name", list(targets()))
@pytest.mark.parametrize("model", names())
def test_every_model_of_the_catalogue_is_classified_whole(name: str, model: str) -> None:
    found = check(target(name), model, Wanted())
    assert sum(found.counts.values()) == len(found.nodes) > 0
    assert all(one.verdict in VERDICTS and one.why for one in found.nodes)


def test_an_open_dimension_is_a_finding_with_the_change_that_closes_it(tmp_path: Path) -> None:
    file = str(model_file(tmp_path, PRODUCT))
    found = check(target("systolic"), file, Wanted())
    assert (found.runnable, found.totals) == (False, None)
    assert [one.change for one in found.open] == ["--dim rows=SIZE"]
    assert found.buckets[-1] == 128
    closed = check(target("systolic"), file, Wanted(dims={"rows": 4}))
    assert closed.runnable is True
    assert closed.totals is not None
    assert closed.totals["macs"] == 256


def test_a_format_that_the_target_lacks_is_a_rewrite_away(tmp_path: Path) -> None:
    file = str(model_file(tmp_path, PRODUCT, first=(2, 8)))
    node = check(target("Warboy"), file, Wanted()).nodes[0]
    assert (node.verdict, node.change.startswith("quantise to int8")) == ("rewritten", True)
    node = check(target("ATOM"), file, Wanted()).nodes[0]
    assert node.change == "cast to fp16"


def test_an_unsupported_operator_does_not_hide_the_others(tmp_path: Path) -> None:
    file = str(model_file(tmp_path, ("Det", ("x",), "d"), ("Relu", ("d",), "y"), first=(8, 8)))
    found = check(target("systolic"), file, Wanted())
    assert [one.verdict for one in found.nodes] == ["refused", "supported"]
    assert "Det" in found.why_no_totals()


def test_an_operator_of_a_maker_is_refused_by_name(tmp_path: Path) -> None:
    file = str(model_file(tmp_path, ("Fused", ("x",), "y"), domain="com.maker"))
    found = check(target("ATOM"), file, Wanted())
    assert found.runnable is False
    assert found.nodes[0].op == "com.maker.Fused"


def test_memory_that_is_too_small_is_said() -> None:
    assert check(target("RNGD"), "llama-3.1-70b", Wanted(dtype="bf16")).fits is False
    assert check(target("RNGD"), "llama-3.1-8b", Wanted(dtype="bf16")).fits is True
    assert check(target("systolic"), "gpt2", Wanted()).fits is None


def test_buckets_double_and_their_padding_is_counted() -> None:
    assert buckets(1000) == (128, 256, 512, 1000)
    assert buckets(50) == (50,)
    assert mean_padding((4,)) == pytest.approx(1 - 10 / 16)
    assert mean_padding((2, 4)) == pytest.approx(1 - 10 / 12)
    assert mean_padding(()) == 0


def test_names_of_targets_do_not_know_case() -> None:
    assert is_target("rngd")
    assert target("atom").name == "ATOM"
    with pytest.raises(ChipUnknown):
        target("hbm2-pim")
