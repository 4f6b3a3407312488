"""Several devices and moved data: parameters are explicit, shares add up, nothing is free."""

from __future__ import annotations

import pytest

from madang.chips import pim
from madang.chips.errors import ParameterImpossible, ShapeImpossible
from madang.chips.pim.roofs import host_bandwidth_gb_s
from madang.chips.pim.system.layout import moves_of
from madang.chips.pim.system.many import Split, gemv_on
from madang.chips.pim.system.operators import Operator, decode_step, shape_from_config
from madang.chips.pim.system.step import run_step

LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 11008,
    "vocab_size": 32000,
}  # fmt: skip
STEP = decode_step(shape_from_config(LLAMA, ""), 1024, 1)


def step(split: Split, **numbers: float):
    return run_step(
        pim.device("gddr6-aim", **numbers), STEP, context=1024, batch=1, split=split
    )


def test_product_on_four_devices_takes_the_fullest_share_and_the_link() -> None:
    dev, link = pim.device("gddr6-aim"), Split(4, link_gb_s=64.0, link_ns=500.0)
    found = gemv_on(dev, link, out=8192, inner=4096)
    alone = dev.run("gemv", out=2048, inner=4096, baseline=False)
    assert found.link_ns == 2 * 500.0 + (8192 + 4096) * 2 / 64.0
    assert found.time_ns == alone.time_ns + found.link_ns
    assert found.energy_pj == 4 * alone.energy.mid
    assert gemv_on(dev, Split(), out=2048, inner=4096).link_ns == 0
    assert found.as_dict()["share"]["cycles"] == alone.cycles


def test_shares_of_a_step_are_faster_without_a_link_and_pay_for_one() -> None:
    one, free, paid = (
        step(split) for split in (Split(), Split(8), Split(8, link_gb_s=64.0, link_ns=1000.0))
    )
    assert one.time_ns / 8 <= free.time_ns < one.time_ns / 4  # uneven shares cost something
    passed = sum(p.link_ns * p.operator.times for p in paid.placed)
    assert passed > 0
    assert paid.time_ns == pytest.approx(free.time_ns + passed)
    assert any("link_gb_s" in note for note in free.notes)
    assert not any("link_gb_s" in note for note in paid.notes)
    assert paid.as_dict()["fits"]


def test_pipeline_keeps_latency_and_multiplies_tokens() -> None:
    one = step(Split())
    many = step(Split(8, "pipeline", link_gb_s=64.0, link_ns=1000.0))
    hops = 7 * (1000.0 + 4096 * 2 / 64.0)
    assert many.time_ns == pytest.approx(one.time_ns + hops)
    rates = [found.as_dict()["tokens_per_s"] for found in (one, many)]
    assert rates[1] == pytest.approx(8 * rates[0] * one.time_ns / many.time_ns)
    assert many.energy_pj() == one.energy_pj()


REFUSED = [Split(0), Split(1 << 20), Split(2, "experts"), Split(2, link_gb_s=0.0)]


@pytest.mark.parametrize("split", REFUSED)
def test_impossible_system_is_refused(split: Split) -> None:
    with pytest.raises(ParameterImpossible):
        step(split)


def test_one_product_has_no_layers_to_share() -> None:
    with pytest.raises(ShapeImpossible):
        gemv_on(pim.device("gddr6-aim"), Split(2, "pipeline"), out=64, inner=64)


def test_lane_sums_are_read_back_and_new_keys_laid_out() -> None:
    spec = pim.device("hbm2-pim", relayout_gb_s=10.0).spec
    matrix = moves_of(spec, Operator("m", "matrix", 1, 4096, 1024, 3), "fp16")
    assert matrix.readback_bytes == 4096 * 3 * 32  # a burst of sixteen sums each
    assert matrix.readback_ns == matrix.readback_bytes / host_bandwidth_gb_s(spec)
    score = Operator("s", "score", 1, heads=8, length=512, width=128, vectors=4)
    keys = moves_of(spec, score, "fp16")
    assert (keys.relayout_bytes, keys.relayout_ns) == (8 * 128 * 2, 8 * 128 * 2 / 10.0)
    assert keys.readback_bytes == 8 * 512 * 4 * 32


def test_layout_is_part_of_the_report_and_unknown_stays_unknown() -> None:
    silent = step(Split()).as_dict()
    facts = silent["data_layout"]
    assert facts["relayout_bytes"] > 0
    assert facts["relayout_ns"] is None
    assert facts["weights_once_ns"] is None
    told = step(Split(), relayout_gb_s=20.0).as_dict()
    assert told["data_layout"]["weights_once_ns"] == told["weight_bytes"] / 20.0
    extra = told["data_layout"]["relayout_ns"]
    assert extra == told["data_layout"]["relayout_bytes"] / 20.0
    assert told["time_ns"] == pytest.approx(silent["time_ns"] + extra)
