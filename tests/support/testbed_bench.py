"""Specifications for tests of the test-bed, and one call that runs them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import TensorProto, helper

from madang.core.clock import SystemClock
from madang.testbed.harness.running import Made, run_spec
from madang.testbed.harness.spec import Spec, spec_from

DEVICE = Path(__file__).with_name("maker_device.py")
AT = datetime(2026, 3, 1, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PLAIN = {
    "scenario": 'name = "SingleStream"',
    "run": 'profile = "quick"\nmin_duration_s = 0.05\nquery_s_max = 2.0',
    "accuracy": 'metric = "close"\nreference = "file"',
    "prediction": 'kind = "stated"\nvalue = 1.0',
    "data": 'file = "samples.npz"',
}


def spec_text(way: str, **tables: str) -> str:
    """A specification of the maker's device, with some of its tables written otherwise."""
    command = f'["{sys.executable}", "{DEVICE}", "{way}"]'
    held = {"subject": f'kind = "process"\ncommand = {command}', **PLAIN, **tables}
    head = 'device = "Doubler"\nmaker = "Hana Chips"\n'
    return head + "".join(f"\n[{name}]\n{text}\n" for name, text in held.items())


def write_samples(folder: Path, count: int = 8) -> None:
    x = np.arange(count * 4, dtype=np.float32).reshape(count, 1, 4)
    np.savez(folder / "samples.npz", x=x, expected=2 * x)


def spec_of(folder: Path, way: str, **tables: str) -> Spec:
    write_samples(folder)
    return spec_from(spec_text(way, **tables).encode(), folder)


def verified(folder: Path, way: str, **tables: str) -> Made:
    """One whole run, its report in `folder`/report."""
    spec = spec_of(folder, way, **tables)
    return run_spec(spec, folder / "report", KEY, SystemClock(), lambda _number, _total: None)


def write_model(folder: Path) -> None:
    """One product, 64 by 32, as model.onnx."""
    weights = np.random.RandomState(0).rand(64, 32).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 32])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
