"""Goal: whatever is asked, a report or a named refusal with its words filled in; no traceback.

Method: Hypothesis over devices, kernels, sizes, formats, arrays, overrides and traces.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madang.chips.pim import spec as specs
from madang.chips.pim.device import device
from madang.chips.pim.report import Report
from madang.chips.pim.sweep import read as read_sweep
from madang.chips.pim.system.verdicts import check
from madang.chips.pim.task import BYTES, ELEMENTS, HEADS, MATRIX
from madang.chips.pim.traces import read_trace
from madang.core.errors import MadangError, Refused, sentences_of

COUNT = 1000 if os.environ.get("MADANG_TEST_LONG") else 120
FUZZ = settings(
    max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
names = st.sampled_from(specs.names())
small = st.integers(1, 700)
absurd = st.one_of(
    st.integers(-3, 0), st.integers(1 << 34, 1 << 70), st.floats(), st.text(max_size=3),
    st.booleans(),
)  # fmt: skip
sizes = st.dictionaries(
    st.sampled_from(("out", "in", "batch", "elements", "heads", "context", "width", "colour")),
    st.one_of(small, small, small, absurd),
    max_size=8,
)
kernels = st.sampled_from((*MATRIX, *HEADS, *ELEMENTS, "replay", "shift", "", "conv"))
formats = st.sampled_from((*BYTES, "", "fp7"))


def answered(work: Callable[[], object]) -> object:
    """What came back, or a refusal that has its words in both languages."""
    try:
        return work()
    except MadangError as error:
        assert isinstance(error, Refused)
        for language in ("en", "ko"):
            sentence = error.sentence(language)  # type: ignore[arg-type]  # both are known
            assert sentence
            template = sentences_of(type(error))[language]
            assert set(PLACEHOLDER.findall(template)) <= set(error.fields), sentence
        return None


@FUZZ
@given(names, kernels, sizes, formats, st.sampled_from(("pim", "host", "both")))
def test_any_kernel_of_any_size_is_run_or_refused(name, kernel, given_sizes, dtype, mode):
    more = {"dtype": dtype} if dtype else {}
    dev = device(name)
    report = answered(lambda: dev.run(kernel, mode=mode, **{**given_sizes, **more}))
    if report is not None:
        assert isinstance(report, Report)
        assert report.cycles >= 0
        assert report.energy is not None or report.why_no_energy


dtypes = st.sampled_from(
    ("float16", "float32", "float64", "int8", "int32", "uint8", "bool", "complex64", "U2", "O")
)
shapes = st.lists(st.integers(0, 9), max_size=3).map(tuple)
arrays = st.one_of(
    st.builds(np.ones, shapes, dtypes),
    st.sampled_from(([1, 2], None, 3.0, "x")),
)
ONE = ("relu", "copy", "exp", "sum", "softmax")
TWO = ("gemv", "gemm", "add", "mul", "score", "context", "bmm")
calls = st.one_of(
    st.tuples(st.sampled_from(ONE), st.tuples(arrays)),
    st.tuples(st.sampled_from(TWO), st.tuples(arrays, arrays)),
    st.tuples(st.just("attention"), st.tuples(arrays, arrays, arrays)),
    st.tuples(st.just("scale"), st.tuples(arrays, st.floats())),
    st.tuples(st.just("affine"), st.tuples(arrays, st.floats(), st.floats())),
)


@FUZZ
@given(names, calls)
def test_any_array_is_computed_or_refused(name, call):
    method, arguments = call
    answered(lambda: getattr(device(name), method)(*arguments))


numbers = st.one_of(
    st.integers(-2, 100), st.integers(), st.floats(), st.none(), st.text(max_size=2),
    st.booleans(),
)  # fmt: skip


@FUZZ
@given(st.data(), names)
def test_any_override_makes_a_device_or_is_refused(data, name):
    known = sorted(specs.load(name).numbers)
    words = st.one_of(st.sampled_from(known), st.text(max_size=4))
    changes = data.draw(st.dictionaries(words, numbers, max_size=3))
    made = answered(lambda: device(name, timing=changes))
    if made is not None:
        kernel = "attention" if name == "hbm3-attacc" else "gemv"
        asked = {"heads": 3, "context": 40, "width": 32} if kernel == "attention" else {
            "out": 70, "inner": 90,
        }  # fmt: skip
        answered(lambda: made.run(kernel, **asked))


whole = st.integers(-1, 40).map(str)
words = st.one_of(
    whole,
    st.sampled_from(
        ("R", "W", "AiM", "MEM", "GPR", "CFR", "|", "drain", "on", ";", "#", "0x3FFF", "0x1f",
         "MAC_ABK", "WR_GB", "RD_MAC", "WR_SBK", "RD_SBK", "EWMUL", "AF", "EOC", "SYNC",
         "4294967295", "99999999999", "COPY_BKGB", "WR_ABK", "x")
    ),
)  # fmt: skip
lines = st.lists(words, max_size=6).map(" ".join)
legal = st.one_of(
    st.builds("{} {} {} {}".format, st.sampled_from("RW"), *[st.integers(0, 15)] * 3),
    st.builds("AiM MAC_ABK {} 4294967295 {}".format, st.integers(0, 64), st.integers(0, 99)),
    st.builds("AiM WR_GB {} 0 4294967295".format, st.integers(0, 64)),
    st.builds("{} MEM {} {} {}".format, st.sampled_from("RW"), *[st.integers(0, 15)] * 3),
    st.just("|"),
)
traces = st.one_of(
    st.lists(st.one_of(lines, legal), max_size=12).map("\n".join).map(str.encode),
    st.lists(legal, max_size=20).map("\n".join).map(str.encode),
    st.binary(max_size=60),
)


@FUZZ
@given(names, traces)
def test_any_trace_is_replayed_or_refused(name, trace):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.trace"
        file.write_bytes(trace)
        dev = device(name)
        answered(lambda: dev.replay(read_trace(file, dev.spec)))


values = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 9000), st.sampled_from(("llama", "gpt2", "x")),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
keys = st.sampled_from(
    ("model_type", "hidden_size", "n_embd", "num_hidden_layers", "n_layer", "head_dim",
     "num_attention_heads", "n_head", "num_key_value_heads", "intermediate_size",
     "vocab_size", "num_local_experts")
)  # fmt: skip
LLAMA = {
    "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 100,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96,
}  # fmt: skip


@FUZZ
@given(names, st.dictionaries(keys, values, max_size=3), st.booleans())
def test_any_configuration_is_checked_or_refused(name, changes, whole_file):
    import json

    text = json.dumps({**LLAMA, **changes} if whole_file else changes)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.json"
        file.write_text(text)
        answered(lambda: check(device(name), file, context=16, batch=2))


@FUZZ
@given(st.text(max_size=40) | st.sampled_from(("device = 1", "[vary]\nRL = [1]", "kernel=")))
def test_any_sweep_file_is_read_or_refused(text):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "s.toml"
        file.write_text(text, encoding="utf-8")
        answered(lambda: read_sweep(file))
        device_file = Path(folder) / "d.yaml"
        device_file.write_text(text, encoding="utf-8")
        answered(lambda: specs.load(str(device_file)))


@pytest.mark.parametrize(
    ("name", "kernel", "asked"),
    [
        ("hbm3-attacc", "attention", {"heads": 1 << 39, "context": 9, "width": 9}),
        ("upmem-v1", "gemv", {"out": 1 << 39, "inner": 1 << 39}),
        ("upmem-v1", "add", {"elements": 1 << 40}),
        ("hbm2-pim", "gemv", {"out": 1 << 39, "inner": 1 << 39}),
        ("gddr6-aim", "exp", {"elements": 1 << 40}),
    ],
)
@pytest.mark.parametrize("mode", ["pim", "host"])
def test_what_no_memory_holds_is_refused_before_it_is_made(name, kernel, asked, mode) -> None:
    answered(lambda: device(name).run(kernel, mode=mode, **asked))
