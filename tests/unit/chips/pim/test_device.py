from __future__ import annotations

import numpy as np
import pytest

from madang.chips import pim
from madang.chips.errors import KernelUnsupported
from madang.chips.pim.check.judge import judge
from madang.chips.pim.device import device
from madang.chips.pim.isa import bankpair as isa
from madang.chips.pim.traces import read_aim, read_requests, write_aim, write_requests


@pytest.mark.parametrize("profile", ["pimsimulator", "jedec"])
@pytest.mark.parametrize(
    ("kernel", "sizes"),
    [
        ("gemv", {"out": 5000, "inner": 700}),
        ("gemv-tree", {"out": 64, "inner": 512}),
        ("add", {"elements": 300_000}),
        ("relu", {"elements": 200_000}),
        ("gemv", {"out": 100, "inner": 256, "batch": 3}),
        ("score", {"heads": 4, "context": 300, "width": 128}),
        ("context", {"heads": 2, "context": 300, "width": 128}),
        ("softmax", {"heads": 4, "context": 300}),
        ("attention", {"heads": 2, "context": 300, "width": 64}),
        ("affine", {"elements": 200_000}),
    ],
)
def test_every_command_of_every_kernel_is_legal(
    profile: str, kernel: str, sizes: dict[str, int]
) -> None:
    dev = device("hbm2-pim", profile)
    report = dev.run(kernel, baseline=False, **sizes)
    verdict = judge(dev.spec, report)
    assert verdict.legal
    assert verdict.commands == np.count_nonzero(
        (report.log[:, 1] < 4) | (report.log[:, 2] == 0)
    )
    if profile == "jedec":
        assert verdict.allowed == {}


def test_every_aim_command_is_legal() -> None:
    dev = device("gddr6-aim")
    assert judge(dev.spec, dev.run("gemv", out=600, inner=2000)).legal
    assert judge(dev.spec, dev.run("mul", elements=1 << 20)).legal
    assert judge(dev.spec, dev.run("exp", elements=5000)).legal
    assert judge(dev.spec, dev.run("copy", elements=1 << 20)).legal
    assert judge(dev.spec, dev.run("attention", heads=3, context=700, width=128)).legal


def test_parts_of_the_energy_add_up_to_the_total() -> None:
    for name, kernel, sizes in [
        ("hbm2-pim", "gemv", {"out": 4096, "inner": 1024}),
        ("gddr6-aim", "gemv", {"out": 4096, "inner": 1024}),
    ]:
        report = device(name).run(kernel, **sizes)
        energy = report.energy
        assert energy is not None
        assert sum(energy.parts.values()) == pytest.approx(energy.mid, rel=1e-12)
        assert energy.low < energy.mid < energy.high
    dev = device("hbm2-pim")
    ratio = dev.run("gemv", out=16384, inner=4096).energy_ratio
    assert ratio is not None
    assert 1 < ratio <= 6.5


def test_traces_read_back_to_the_same_stream() -> None:
    aim, hbm = device("gddr6-aim"), device("hbm2-pim")
    stream = aim.run("gemv", out=600, inner=2000).stream
    assert stream is not None
    back = read_aim(write_aim(stream), aim.spec)
    for field in ("op", "bank", "row", "count", "channels"):
        assert back[field].tolist() == stream[field].tolist()
    stream = hbm.run("gemv", out=4096, inner=256).stream
    assert stream is not None
    back = read_requests(write_requests(stream), hbm.spec)
    for field in ("op", "bank", "row", "column"):
        assert back[field].tolist() == stream[field].tolist()
    assert hbm.replay(back).cycles == hbm.replay(stream).cycles


def test_programs_decode_to_what_was_encoded() -> None:
    for program in (
        isa.gemv_program(9),
        isa.tree_program(8),
        *(isa.elementwise_program(k, 5) for k in ("add", "relu", "scale", "affine")),
    ):
        assert isa.disassemble(isa.assemble(program)) == program
    assert [hex(w) for w in isa.assemble(isa.gemv_program(8))][:2] == [
        "0x3b108000",
        "0xe000f801",
    ]
    assert isa.listing(isa.gemv_program(8)).count("\n") == 5


def test_sizes_are_padded_in_the_open_and_dropped_only_in_the_quirk_profile() -> None:
    padded = device("hbm2-pim").run("add", elements=131_073, baseline=False)
    dropped = device("hbm2-pim", "pimsimulator").run("add", elements=131_073, baseline=False)
    assert padded.padding == {"elements": 131_071}
    assert dropped.padding == {"dropped": 1}
    assert "dropped" in dropped.notes[0]


def test_elementwise_results_reach_their_places() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(140_000).astype(np.float16) for _ in range(2))
    dev = device("hbm2-pim")
    assert dev.add(a, b)[0].tobytes() == (a + b).tobytes()
    assert dev.mul(a, b)[0].tobytes() == (a * b).tobytes()
    assert dev.copy(a)[0].tobytes() == a.tobytes()
    assert dev.relu(a)[0].tobytes() == np.where(np.signbit(a), np.float16(0), a).tobytes()


def test_sweep_runs_every_combination_in_order() -> None:
    reports = device("hbm2-pim").sweep(
        "gemv", {"CCDL": [2, 4], "RL": [20, 26]}, out=4096, inner=256
    )
    assert [(r.overrides["CCDL"], r.overrides["RL"]) for r in reports] == [
        (2, 20),
        (2, 26),
        (4, 20),
        (4, 26),
    ]
    assert reports[0].cycles < reports[2].cycles


def test_host_fences_cost_what_the_parameter_says() -> None:
    free = device("hbm2-pim").run("gemv", out=64, inner=256, baseline=False)
    paid = device("hbm2-pim", fence_ns=100.0).run("gemv", out=64, inner=256, baseline=False)
    assert paid.cycles == free.cycles
    assert paid.time_ns - free.time_ns == 100.0 * 26


def test_gemm_is_a_batch_of_gemv_in_bits_and_shares_the_weights_in_time() -> None:
    rng = np.random.default_rng(2)
    w, x = (rng.standard_normal(n).astype(np.float16) for n in ((100, 256), (256, 3)))
    dev = device("hbm2-pim")
    y, report = dev.gemm(w, x)
    for n in range(3):
        assert y[:, n].tobytes() == dev.gemv(w, x[:, n])[0].tobytes()
    assert report.shape == {"out": 100, "in": 256, "batch": 3}
    assert report.cycles < 3 * dev.run("gemv", out=100, inner=256).cycles


def test_models_and_traces_are_read_from_python(tmp_path) -> None:
    config = tmp_path / "config.json"
    config.write_text(
        '{"model_type": "gpt2", "n_embd": 256, "n_layer": 1, "n_head": 4, "vocab_size": 500}'
    )
    step = pim.decode(device("gddr6-aim"), config, context=32)
    assert 0 < step.time_ns <= step.host_ns
    trace = tmp_path / "a.trace"
    trace.write_text("R 0 0 0")
    dev = device("hbm2-pim", "pimsimulator")
    assert dev.replay(pim.read_trace(trace, dev.spec)).cycles == 39
    with pytest.raises(KernelUnsupported):
        pim.read_trace(trace, device("upmem-v1").spec)
