"""Goal: no emitted command breaks a rule, on any device. Method: kernels of every kind and odd
sizes on random devices, judged by tables that schedule nothing; some also tick by tick."""

from __future__ import annotations

import os

import numpy as np
import pytest

from madang.chips.errors import NeverEnds, ShapeTooLarge
from madang.chips.pim.check import rules
from madang.chips.pim.check.judge import by_ticks, judge
from madang.chips.pim.device import Device, device
from madang.chips.pim.lower.attacc import Attention, attention
from madang.chips.pim.plans import attacc
from madang.chips.pim.spec import Spec, load

RUNS = 600 if os.environ.get("MADANG_TEST_LONG") else 8
OUTS, INS = (1, 77, 511, 4096, 4097, 9000), (1, 15, 127, 128, 129, 300, 520)
ELEMENTS = (1, 200, 1000, 131_072, 131_073, 300_000)


def varied(rng: np.random.Generator, name: str, profile: str, fixed: tuple[str, ...]) -> Spec:
    """Every timing between 0.4 and 1.8 times its value, within what a device can be."""
    base = load(name, profile).timing()
    t = {k: max(1, int(v * rng.uniform(0.4, 1.8))) for k, v in base.items() if v > 1}
    t |= {k: base[k] for k in fixed if k in base}
    t["RC"] = t["RAS"] + t["RP"] + int(rng.integers(0, 10))
    if "CCDS" in t and "CCDL" in t:
        t["CCDS"] = min(t["CCDS"], t["CCDL"])
    busy = t["RFC"] + 2 * t["RP"] + t.get("RCDRDMAC", 0) + t.get("RCDRD", 0)
    t["REFI"] = max(t["REFI"], busy + 400)
    return load(name, profile, t)


@pytest.mark.parametrize("profile", ["pimsimulator", "jedec"])
def test_kernels_on_random_bank_pair_devices_are_legal_and_what_the_ticks_say(
    profile: str,
) -> None:
    rng = np.random.default_rng(31)
    for _ in range(RUNS):
        spec = varied(rng, "hbm2-pim", profile, ("BL", "XAW"))
        kernel = str(rng.choice(["gemv", "gemv-tree", "gemm", "add", "mul", "relu", "copy"]))
        if kernel.startswith("gem"):
            sizes = {"out": int(rng.choice(OUTS)), "inner": int(rng.choice(INS))}
            sizes["batch"] = int(rng.integers(1, 4))
        else:
            sizes = {"elements": int(rng.choice(ELEMENTS))}
        report = Device(spec).run(kernel, baseline=False, **sizes)
        verdict = judge(spec, report)
        assert verdict.legal, (kernel, sizes, spec.overrides(), verdict)
        assert report.stream is not None
        assert report.cycles == by_ticks(spec, report.stream), (kernel, sizes, spec.overrides())


@pytest.mark.parametrize("profile", ["aim_sim", "jedec"])
def test_kernels_on_random_aim_devices_are_legal(profile: str) -> None:
    rng = np.random.default_rng(32)
    for _ in range(RUNS):
        spec = varied(rng, "gddr6-aim", profile, ("BL",))
        if rng.random() < 0.3:
            sizes: dict[str, int] = {"elements": int(rng.choice(ELEMENTS))}
            report = Device(spec).run("mul", baseline=False, **sizes)
        else:
            sizes = {"out": int(rng.choice(OUTS)), "inner": int(rng.choice((*INS, 1025, 5000)))}
            sizes["batch"] = int(rng.integers(1, 4))
            report = Device(spec).run("gemv", baseline=False, **sizes)
        verdict = judge(spec, report)
        assert verdict.legal, (sizes, spec.overrides(), verdict)


def random_attention(rng: np.random.Generator) -> tuple[Spec, Attention]:
    spec = varied(rng, "hbm3-attacc", "attacc_sim", ("BL", "REF_AFTER_ACT"))
    work = Attention(
        int(rng.integers(1, 700)),
        int(rng.choice([1, 5, 16, 17, 32, 40, 48])),
        int(rng.choice([64, 80, 128])),
        int(rng.choice([1, 2])),
    )
    return spec, work


def test_attention_on_random_devices_is_legal_in_every_channel() -> None:
    rng = np.random.default_rng(33)
    for _ in range(RUNS):
        spec, work = random_attention(rng)
        try:
            run = attacc.run_stack(spec, work, log=True)
        except NeverEnds:
            continue
        for log in run.logs:
            events = rules.attention_events(log)
            assert rules.violations(events, rules.attention_rules(spec.timing())) == []
            assert rules.attention_faults(events) == []


def test_one_channel_stands_for_those_that_see_the_same(monkeypatch) -> None:
    rng, fewer = np.random.default_rng(34), 0
    for _ in range(RUNS):
        spec, work = random_attention(rng)
        try:
            run = attacc.run_stack(spec, work)
        except NeverEnds:
            continue
        fewer += run.groups < 16
        with monkeypatch.context() as patch:
            patch.setattr(attacc, "channel_groups", lambda _stream: [[c] for c in range(16)])
            every = attacc.run_stack(spec, work)
        assert (run.cycles, run.commands) == (every.cycles, every.commands)
    assert fewer > 0


def test_channels_are_grouped_only_where_the_front_end_serves_them_in_turn() -> None:
    whole = attention(Attention(64, 40, 128, 2))
    assert attacc.channel_groups(whole) == [list(range(8)), list(range(8, 16))]
    swapped = whole.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert len(attacc.channel_groups(swapped)) == 16


BENT = [("CCDAB", "MACAB", 1), ("RCD", "ACTAB", 1)]


@pytest.mark.parametrize(("name", "kind", "place"), BENT)
def test_judge_sees_attention_that_comes_one_cycle_too_soon(
    name: str, kind: str, place: int
) -> None:
    spec = device("hbm3-attacc").spec
    log = attacc.run_stack(spec, Attention(100, 16, 128, 2), log=True).logs[0]
    at = np.flatnonzero(log[:, 1] == rules.ATTENTION_KINDS.index(kind))[place]
    log[at, 0] += -1 if name == "CCDAB" else 1
    found = rules.violations(rules.attention_events(log), rules.attention_rules(spec.timing()))
    assert name in {v.rule for v in found}


def test_attention_reports_are_judged_by_their_sizes() -> None:
    dev = device("hbm3-attacc")
    report = dev.run("attention", heads=85, context=300, width=128, baseline=False)
    verdict = judge(dev.spec, report)
    assert verdict.legal
    assert report.groups == 2  # heads on one channel, one round of sixteen
    assert 0 < verdict.commands < sum(report.commands.values())


def test_largest_shapes_stay_legal_or_are_refused() -> None:
    dev = device("hbm2-pim")
    report = dev.run("gemv", out=262_144, inner=1024, baseline=False)
    assert judge(dev.spec, report).legal
    with pytest.raises(ShapeTooLarge):
        dev.run("gemv", out=1 << 26, inner=1024, baseline=False)
