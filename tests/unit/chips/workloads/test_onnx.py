"""Goal: ONNX graphs get exact sizes, the same work as other importers, or a refusal by name.
Method: small graphs made here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from madang.chips.errors import (
    ModelMalformed,
    OperatorUnsupported,
    ShapeImpossible,
    ShapeOpen,
)
from madang.chips.workloads import quantise_onnx
from madang.chips.workloads.configs import transformer_from
from madang.chips.workloads.graph import convolution
from madang.chips.workloads.layers import Layer
from madang.chips.workloads.onnx_in import graph_of, load_model, read_onnx
from madang.chips.workloads.transformers import Pass
from madang.chips.workloads.transformers import graph_of as transformer_graph

RNG = np.random.default_rng(3)


def stored(name: str, *shape: int):
    return numpy_helper.from_array(RNG.standard_normal(shape).astype(np.float32), name)


def value(name: str, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model_of(nodes, inputs, outputs, weights, opset: int = 17):
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 9
    return made


def one_node(op: str, shapes, weights=(), output=None, opset: int = 17, **attributes):
    names = [f"x{i}" for i in range(len(shapes))]
    node = helper.make_node(op, [*names, *(w.name for w in weights)], ["y"], **attributes)
    inputs = [value(n, s) for n, s in zip(names, shapes, strict=True)]
    return model_of([node], inputs, [value("y", output)], list(weights), opset)


def read(model, **sizes):
    return graph_of(model, "m", "m.onnx", sizes.get("dims", {}), sizes.get("shapes", {}))


@pytest.mark.parametrize(
    ("model", "mnk", "times", "weights"),
    [
        (one_node("MatMul", [[2, 5, 8]], [stored("w", 8, 3)]), (10, 3, 8), 1, 24),
        (one_node("MatMul", [[4, 5, 8], [4, 8, 7]]), (5, 7, 8), 4, 0),
        (one_node("MatMul", [[6, 4, 5, 8], [8, 7]]), (120, 7, 8), 1, 0),
        (one_node("Gemm", [[5, 8]], [stored("w", 3, 8)], transB=1), (5, 3, 8), 1, 24),
        (
            one_node("Conv", [[2, 6, 9, 9]], [stored("w", 8, 6, 3, 3)], pads=[1] * 4),
            (162, 8, 54),
            1,
            432,
        ),
        (
            one_node("Conv", [[1, 6, 9, 9]], [stored("w", 6, 1, 3, 3)], group=6),
            (49, 1, 9),
            6,
            9,
        ),
        (
            one_node("Conv", [[1, 6, 9, 9]], [stored("w", 4, 6, 3, 3)], dilations=[2, 2]),
            (25, 4, 54),
            1,
            216,
        ),
        (
            one_node("Conv", [[1, 6, 20]], [stored("w", 4, 6, 5)], strides=[2]),
            (8, 4, 30),
            1,
            120,
        ),
        (
            one_node("ConvTranspose", [[1, 6, 5, 5]], [stored("w", 6, 4, 2, 2)]),
            (25, 16, 6),
            1,
            96,
        ),
    ],
)
def test_sizes_of_matrix_operators(model, mnk, times, weights) -> None:
    one = read(model).matrices()[0]
    assert (one.m, one.n, one.k) == mnk
    assert (one.times, one.weights) == (times, weights)


def test_same_padding_is_worked_out() -> None:
    weight = stored("w", 4, 3, 3, 3)
    model = one_node("Conv", [[1, 3, 8, 8]], [weight], auto_pad="SAME_UPPER", strides=[2, 2])
    one = read(model).matrices()[0]
    assert one.padding == (0, 0, 1, 1)
    assert one.layer().m() == 16


def test_an_lstm_is_its_gates_and_its_steps() -> None:
    weights = [stored("w", 1, 16, 3), stored("r", 1, 16, 4)]
    first, again = read(one_node("LSTM", [[5, 2, 3]], weights, hidden_size=4)).matrices()
    assert (first.m, first.n, first.k, again.times, again.m, again.k) == (10, 16, 3, 5, 2, 4)


def attention_model(batch: int, tokens: int, layers: int):
    """A GPT-like block as an exporter writes it: products only."""
    d, heads, inner = 32, 4, 64
    nodes, weights, x = [], [], "x"

    def linear(source: str, target: str, out: int, wide: int) -> str:
        weights.append(stored(f"w.{target}", wide, out))
        nodes.append(helper.make_node("MatMul", [source, f"w.{target}"], [target]))
        return target

    def split(source: str, order: list[int]) -> str:
        shape = numpy_helper.from_array(
            np.array([batch, tokens, heads, d // heads]), f"{source}.shape"
        )
        weights.append(shape)
        nodes.append(helper.make_node("Reshape", [source, f"{source}.shape"], [f"{source}.r"]))
        nodes.append(
            helper.make_node("Transpose", [f"{source}.r"], [f"{source}.t"], perm=order)
        )
        return f"{source}.t"

    for i in range(layers):
        q, k, v = (linear(x, f"{n}{i}", d, d) for n in "qkv")
        q, v, k = split(q, [0, 2, 1, 3]), split(v, [0, 2, 1, 3]), split(k, [0, 2, 3, 1])
        nodes.append(helper.make_node("MatMul", [q, k], [f"s{i}"]))
        nodes.append(helper.make_node("Softmax", [f"s{i}"], [f"p{i}"]))
        nodes.append(helper.make_node("MatMul", [f"p{i}", v], [f"c{i}"]))
        nodes.append(helper.make_node("Transpose", [f"c{i}"], [f"ct{i}"], perm=[0, 2, 1, 3]))
        weights.append(numpy_helper.from_array(np.array([batch, tokens, d]), f"back{i}"))
        nodes.append(helper.make_node("Reshape", [f"ct{i}", f"back{i}"], [f"cr{i}"]))
        o = linear(f"cr{i}", f"o{i}", d, d)
        up = linear(o, f"up{i}", inner, d)
        nodes.append(helper.make_node("Relu", [up], [f"a{i}"]))
        x = linear(f"a{i}", f"down{i}", d, inner)
    linear(x, "logits", 100, d)
    return model_of(
        nodes,
        [value("x", [batch, tokens, d])],
        [value("logits", [batch, tokens, 100])],
        weights,
    )


def test_onnx_and_config_of_one_network_are_the_same_work() -> None:
    config = {
        "model_type": "gpt2",
        "n_embd": 32,
        "n_layer": 3,
        "n_head": 4,
        "n_inner": 64,
        "vocab_size": 100,
        "n_positions": 64,
        "tie_word_embeddings": False,
    }
    model = transformer_from(config, "tiny", "tiny")
    ours = transformer_graph(model, Pass(2, 7, 7, "fp32", all_logits=True))
    theirs = read(attention_model(2, 7, 3))
    assert theirs.work_sha256() == ours.work_sha256()
    assert theirs.macs == ours.macs
    both = [
        sum(one.weight_bytes + one.activation_bytes for one in g.matrices())
        for g in (ours, theirs)
    ]
    assert both[0] == both[1]


def test_onnx_and_topology_of_one_convolution_are_the_same_work() -> None:
    theirs = read(one_node("Conv", [[1, 6, 9, 9]], [stored("w", 8, 6, 3, 3)], strides=[2, 2]))
    ours = convolution(Layer("c", 9, 9, 3, 3, 6, 8, 2), dtype="fp32")
    one = theirs.matrices()[0]
    assert (one.macs, one.weight_bytes, one.activation_bytes) == (
        ours.macs,
        ours.weight_bytes,
        ours.activation_bytes,
    )


def branchy(condition_from_shape: bool):
    weight = stored("w", 3, 3)
    made = [
        helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], [f"{n}.y"])], n, [], [value(f"{n}.y", None)]
        )
        for n in ("yes", "no")
    ]
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["size"]),
        helper.make_node("Equal", ["size", "two"], ["by_shape"]),
        helper.make_node("ReduceSum", ["x", "axes"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero.f"], ["by_data"]),
        helper.make_node(
            "If",
            ["by_shape" if condition_from_shape else "by_data"],
            ["y"],
            then_branch=made[0],
            else_branch=made[1],
        ),
    ]
    constants = [
        numpy_helper.from_array(np.array(0), "zero"),
        numpy_helper.from_array(np.array(2), "two"),
        numpy_helper.from_array(np.array([0, 1]), "axes"),
        numpy_helper.from_array(np.float32(0), "zero.f"),
    ]
    return model_of(nodes, [value("x", [2, 3])], [value("y", None)], [weight, *constants])


def test_a_branch_that_shapes_decide_is_taken() -> None:
    assert read(branchy(condition_from_shape=True)).macs == 2 * 3 * 3


def test_a_branch_that_data_decides_is_refused() -> None:
    with pytest.raises(OperatorUnsupported) as refused:
        read(branchy(condition_from_shape=False))
    assert "If" in str(refused.value)


def test_open_dimensions_are_named_and_can_be_given() -> None:
    model = one_node("MatMul", [["rows", 8]], [stored("w", 8, 3)])
    with pytest.raises(ShapeOpen) as refused:
        read(model)
    assert refused.value.fields["dimension"] == "rows"
    assert read(model, dims={"rows": 5}).macs == 120
    assert read(model, shapes={"x0": [6, 8]}).macs == 144
    for wrong in ({"x0": [1]}, {"other": [1, 8]}):
        with pytest.raises(ShapeOpen):
            read(model, shapes=wrong)
    with pytest.raises(ShapeImpossible):
        read(model, shapes={"x0": [6, 9]})


@pytest.mark.parametrize(
    "model",
    [
        one_node("NonZero", [[3, 3]]),
        one_node("Det", [[3, 3]]),
        one_node("Conv", [[1, 2, 3, 3, 3]], [stored("w", 2, 2, 1, 1, 1)]),
        one_node("Einsum", [[3, 3], [3, 3]], equation="ij,jk->ik"),
    ],
)
def test_operators_that_nobody_models_are_refused(model) -> None:
    with pytest.raises(OperatorUnsupported) as refused:
        read(model)
    assert refused.value.fields["operator"]


def test_a_domain_of_a_maker_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Fused", ["x"], ["y"], domain="com.maker")
    file = tmp_path / "m.onnx"
    onnx.save(model_of([node], [value("x", [1])], [value("y", [1])], []), file)
    with pytest.raises(OperatorUnsupported):
        load_model(file)


@pytest.mark.parametrize("cut", [0, 1, 10, 100, -1, -20])
def test_a_broken_file_is_refused(tmp_path: Path, cut: int) -> None:
    data = one_node("MatMul", [[2, 8]], [stored("w", 8, 3)]).SerializeToString()
    file = tmp_path / "m.onnx"
    file.write_bytes(data[:cut])
    with pytest.raises(ModelMalformed):
        read_onnx(file)


def test_flipped_bits_are_read_or_refused_never_worse(tmp_path: Path) -> None:
    data = bytearray(one_node("Gemm", [[2, 8]], [stored("w", 8, 3)]).SerializeToString())
    file = tmp_path / "m.onnx"
    refused = 0
    for at in range(0, len(data) * 8, 41):
        data[at // 8] ^= 1 << at % 8
        file.write_bytes(data)
        try:
            assert read_onnx(file).macs >= 0
        except (ModelMalformed, OperatorUnsupported, ShapeOpen):
            refused += 1
        data[at // 8] ^= 1 << at % 8
    assert refused > 0


@pytest.mark.parametrize(("target", "least_db"), [("int8", 30), ("fp8", 25), ("int4", 8)])
def test_quantised_files_run_and_their_error_is_in_the_format(target, least_db) -> None:
    model = attention_model(1, 4, 1)
    made = quantise_onnx.quantise(model, target, "m.onnx")
    onnx.checker.check_model(made.model)
    assert all(one.sqnr_db > least_db for one in made.weights)
    assert made.bytes_after < made.bytes_before / (6 if target == "int4" else 3)
    (row,) = quantise_onnx.output_errors(model, made.model, {}, {}, {}, "m.onnx")
    assert 0 < row["relative_error"] < 0.6
    kept = read(made.model)
    assert {one.weight_dtype for one in kept.matrices() if one.weights} == {target}
    assert kept.macs == read(model).macs
