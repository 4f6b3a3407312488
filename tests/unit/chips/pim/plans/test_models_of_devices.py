from __future__ import annotations

import numpy as np
import pytest

from madang.chips.errors import KernelUnsupported, ParameterImpossible, ShapeTooLarge
from madang.chips.pim.device import device
from madang.chips.pim.lower.attacc import Attention, attention
from madang.chips.pim.plans.attacc import stack_cycles

# operation, format, measured million operations a second of one DPU at 350 MHz (PrIM, recalled)
PRIM = [
    ("add", "int32", 58.56),
    ("mul", "int32", 10.3),
    ("add", "fp32", 4.9),
    ("mul", "fp32", 1.9),
]


@pytest.mark.parametrize(("kernel", "dtype", "measured"), PRIM)
def test_dpu_rate_is_within_fifteen_percent_of_the_measured_one(
    kernel: str, dtype: str, measured: float
) -> None:
    dev = device("upmem-v1", dma_byte_cycles=0.0, dma_read_cycles=1, dma_write_cycles=1, dpus=1)
    report = dev.run(kernel, elements=100_000, dtype=dtype)
    assert 100_000 / report.time_ns * 1e3 == pytest.approx(measured, rel=0.15)


def test_eleven_tasklets_fill_the_pipeline_and_more_do_not_help() -> None:
    def cycles(tasklets: int) -> int:
        return (
            device("upmem-v1", tasklets=tasklets)
            .run("mul", elements=10**8, dtype="fp32")
            .cycles
        )

    # the last block of each tasklet leaves the pipeline to fewer of them
    assert cycles(1) == pytest.approx(11 * cycles(11), rel=0.02)
    assert cycles(24) == pytest.approx(cycles(11), rel=0.05)


def test_dpu_names_what_it_does_not_count() -> None:
    report = device("upmem-v1").run("add", elements=1000)
    assert report.energy is None
    assert any("to_dpu_gb_s" in note for note in report.notes)
    paid = device("upmem-v1", to_dpu_gb_s=10.0, from_dpu_gb_s=5.0).run("add", elements=10**6)
    assert paid.overhead_ns == 2 * 4e6 / 10.0 + 4e6 / 5.0


def test_int8_gemv_on_a_dpu_wraps_at_32_bits_and_gains_by_its_native_multiplication() -> None:
    rng = np.random.default_rng(3)
    dev = device("upmem-v1")
    matrix = rng.integers(-128, 128, (5, 1001)).astype(np.int8)
    vector = rng.integers(-128, 128, 1001).astype(np.int8)
    found, report = dev.gemv(matrix, vector)
    for row, value in zip(matrix.tolist(), found.tolist(), strict=True):
        assert value == sum(w * x for w, x in zip(row, vector.tolist(), strict=True))
    assert found.dtype == np.int32
    wide = dev.run("gemv", out=5, inner=1001, dtype="int32")
    # an int8 product is one instruction of seven; one of int32 is a call of 29 among 35
    assert report.commands["instructions"] == 7 * 1001
    assert wide.commands["instructions"] == 35 * 1001
    assert 3 * report.commands["dma_cycles"] < wide.commands["dma_cycles"]
    assert 4 * report.cycles < wide.cycles


def test_relu_on_a_dpu_tests_the_sign_and_reads_one_operand() -> None:
    dev = device("upmem-v1")
    for values in ([-3, 0, 7], [-1.5, -0.0, 2.0]):
        given = np.array(values, np.int32 if isinstance(values[0], int) else np.float32)
        found, report = dev.relu(given)
        assert found.tolist() == [max(one, 0) for one in values]
        assert not np.signbit(found).any()
        assert report.commands["dma_reads"] == report.commands["dma_writes"]
    both, one = (dev.run(k, elements=10**8, dtype="int32") for k in ("add", "relu"))
    assert one.commands["instructions"] == both.commands["instructions"]
    assert one.commands["dma_cycles"] < both.commands["dma_cycles"]


def test_dpu_refuses_what_it_cannot_hold_or_do() -> None:
    with pytest.raises(ShapeTooLarge):
        device("upmem-v1").run("add", elements=10**11)
    with pytest.raises(KernelUnsupported):
        device("upmem-v1").run("scale", elements=10)
    with pytest.raises(ParameterImpossible):
        device("upmem-v1", tasklets=25).run("add", elements=10)


def test_attention_issues_every_multiplication_of_the_stream() -> None:
    spec, work = device("hbm3-attacc").spec, Attention(300, 20, 128, 2)
    stream = attention(work)
    counts = stack_cycles(spec, work)[1]
    assert counts["MACAB"] == int((stream[:, 1] == 0).sum())
    assert counts["SFM"] == work.heads
    assert counts["ACTAB"] - counts["PREA"] in range(17)  # a row may stay open in each channel


def test_attention_without_a_power_limit_is_faster_and_both_beat_the_bus() -> None:
    sizes = {"heads": 160, "context": 2048, "width": 128}
    limited = device("hbm3-attacc").run("attention", **sizes)
    free = device("hbm3-attacc", CCDAB=4).run("attention", **sizes)
    assert free.cycles < limited.cycles
    assert limited.speedup is not None
    assert 9 / 1.25 < limited.speedup < 9 * 1.25  # the paper's bank-level bandwidth gain


def test_matrix_on_the_attention_device_is_refused() -> None:
    with pytest.raises(KernelUnsupported):
        device("hbm3-attacc").run("gemv", out=64, inner=64)
