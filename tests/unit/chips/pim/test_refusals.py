"""What is refused, by which code, and what the refusal says would work."""

from __future__ import annotations

from pathlib import Path

import pytest

from madang.chips import errors
from madang.chips.pim import spec as specs
from madang.chips.pim.device import device
from madang.chips.pim.plans.bankpair import plan
from madang.chips.pim.traces import read_aim, read_requests
from madang.chips.reasons import korean
from madang.core.errors import MadangError, Refused

DEVICES = [
    ({"name": "hbm9"}, errors.DeviceUnknown, "known"),
    ({"name": "hbm2-pim", "compat": "aim_sim"}, errors.CompatUnknown, "known"),
    ({"name": "hbm2-pim", "RCD": 3}, errors.ParameterUnknown, "nearest"),
    ({"name": "hbm2-pim", "RCDRD": 70_000}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "RL": 0}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "RL": 2.5}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "RL": float("nan")}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "clock_ns": float("inf")}, errors.ParameterImpossible, "nearest"),
    ({"name": "gddr6-aim", "relayout_gb_s": 0.0}, errors.ParameterImpossible, "nearest"),
    ({"name": "upmem-v1", "to_dpu_gb_s": 0.0}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "host_bandwidth_use": 0.0}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "BL": 3}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "banks": 8}, errors.ParameterImpossible, "reason"),
    ({"name": "hbm2-pim", "RC": 40}, errors.TimingImpossible, "nearest"),
    ({"name": "hbm2-pim", "CCDS": 5}, errors.TimingImpossible, "nearest"),
    ({"name": "gddr6-aim", "RCDRDMAC": 5000}, errors.TimingImpossible, "nearest"),
    ({"name": "gddr6-aim", "global_buffer_bytes": 100}, errors.ParameterImpossible, "nearest"),
    ({"name": "gddr6-aim", "channels": 64}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "ranks": 3}, errors.ParameterImpossible, "nearest"),
    ({"name": "hbm2-pim", "REFI": 350}, errors.TimingImpossible, "nearest"),
]
RUNS = [
    ("hbm2-pim", "conv", {"elements": 4}, errors.KernelUnsupported, "known"),
    ("hbm2-pim", "gemv", {"out": 8}, errors.ShapeImpossible, "nearest"),
    ("hbm2-pim", "gemv", {"out": 8, "inner": 8, "heads": 2}, errors.ShapeImpossible, "nearest"),
    ("upmem-v1", "add", {"elements": 8, "batch": 2}, errors.ShapeImpossible, "nearest"),
    ("hbm2-pim", "exp", {"elements": 4}, errors.KernelUnsupported, "known"),
    ("hbm2-pim", "gemv", {"out": 0, "inner": 4}, errors.ShapeImpossible, "nearest"),
    (
        "hbm2-pim",
        "gemv",
        {"out": 8, "inner": 8, "dtype": "fp32"},
        errors.KernelUnsupported,
        "known",
    ),
    (
        "hbm2-pim",
        "gemv",
        {"out": 8, "inner": 8, "dtype": "fp7"},
        errors.KernelUnsupported,
        "known",
    ),
    ("hbm2-pim", "gemv", {"out": 1 << 20, "inner": 1 << 12}, errors.ShapeTooLarge, "nearest"),
    ("hbm2-pim", "add", {"elements": 1 << 30}, errors.ShapeTooLarge, "nearest"),
    ("gddr6-aim", "add", {"elements": 4}, errors.KernelUnsupported, "known"),
    ("gddr6-aim", "exp", {"elements": 1 << 40}, errors.ShapeTooLarge, "nearest"),
    ("gddr6-aim", "copy", {"elements": 1 << 31}, errors.ShapeTooLarge, "nearest"),
    (
        "gddr6-aim",
        "softmax",
        {"heads": 1 << 12, "context": 1 << 20},
        errors.ShapeTooLarge,
        "nearest",
    ),
    (
        "hbm2-pim",
        "gemv",
        {"out": 8, "inner": 8, "batch": 1 << 30},
        errors.ShapeTooLarge,
        "nearest",
    ),
    ("hbm2-pim", "scale", {"elements": 0}, errors.ShapeImpossible, "nearest"),
    (
        "hbm2-pim",
        "attention",
        {"heads": 1 << 12, "context": 1 << 12, "width": 128},
        errors.ShapeTooLarge,
        "nearest",
    ),
    ("upmem-v1", "softmax", {"heads": 1, "context": 8}, errors.KernelUnsupported, "known"),
    ("hbm3-attacc", "gemv", {"out": 8, "inner": 8}, errors.KernelUnsupported, "known"),
    ("gddr6-aim", "gemv", {"out": 1 << 22, "inner": 1 << 13}, errors.ShapeTooLarge, "nearest"),
]
AIM_LINES = [
    "AiM",
    "AiM FLY 1",
    "AiM MAC_ABK 1 1",
    "AiM MAC_ABK x 1 1",
    "AiM AF 0",
    "X 1",
    "R MEM 32 0 0",
    "W CFR 2",
]
REQUESTS = [
    "",
    "R 0 0",
    "R 16 0 0",
    "R 0 16384 0",
    "W 0 0 32",
    "W 0 0 0 off",
    "Q 1 2 3",
    "R a 0 0",
]


@pytest.mark.parametrize(("arguments", "error", "field"), DEVICES)
def test_device_is_refused(arguments, error, field: str) -> None:
    with pytest.raises(error) as refused:
        device(**arguments)
    assert refused.value.fields[field]


@pytest.mark.parametrize(("name", "kernel", "sizes", "error", "field"), RUNS)
def test_run_is_refused(name: str, kernel: str, sizes, error, field: str) -> None:
    with pytest.raises(error) as refused:
        device(name).run(kernel, **sizes)
    assert refused.value.fields[field]


@pytest.mark.parametrize(
    ("name", "changes", "kernel", "sizes"),
    [
        ("hbm2-pim", {"RCDRD": 60_000}, "gemv", {"out": 64, "inner": 256}),
        (
            "hbm3-attacc",
            {"RCD": 5000, "RAS": 10, "REFI": 600},
            "attention",
            {"heads": 5, "context": 64, "width": 64},
        ),
    ],
)
def test_rows_that_close_before_they_are_of_use_are_told_and_not_waited_for(
    name: str, changes: dict[str, int], kernel: str, sizes: dict[str, int]
) -> None:
    with pytest.raises(errors.NeverEnds):
        device(name, **changes).run(kernel, **sizes)


@pytest.mark.parametrize("line", AIM_LINES)
def test_line_of_an_aim_trace_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(errors.TraceMalformed) as refused:
        read_aim("AiM SYNC\n" + line, device("gddr6-aim").spec)
    assert refused.value.fields["line"] == 2


@pytest.mark.parametrize("line", REQUESTS)
def test_line_of_a_request_trace_is_refused(line: str) -> None:
    with pytest.raises(errors.TraceMalformed):
        read_requests(line, device("hbm2-pim").spec)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("family: bank-pair", "family: magic"),
        ("mark: read", "mark: sworn"),
        ("RL: 20", "RL: 20, RL2: {"),
        ("source: pimsim,", "source: nowhere,"),
        ("RC: 47", "RC: 47, XAW: 1"),
        ("title:", "titel:"),
    ],
)
def test_device_file_without_provenance_or_sense_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    text = (Path(specs.__file__).parent / "standards" / "hbm2-pim.yaml").read_text(
        encoding="utf-8"
    )
    assert old in text
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(errors.DeviceMalformed):
        specs.load(str(file))


def test_every_number_of_every_device_has_unit_source_and_mark() -> None:
    for name in specs.names():
        for quantity in specs.load(name).numbers.values():
            assert quantity.unit
            assert len(quantity.source) > 20
            assert quantity.mark in specs.MARKS


def test_unknown_number_is_not_guessed() -> None:
    report = device("lpddr5-pim").run("gemv", out=64, inner=64)
    assert report.energy is None
    assert "act_pj_bit" in (report.why_no_energy or "")


def test_every_refusal_has_its_sentences() -> None:
    found = [
        v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, MadangError)
    ]
    own = [one for one in found if one.__module__ == errors.__name__]
    assert len(own) > 10
    for one in own:
        assert issubclass(one, Refused)
        assert one().sentence("ko") != one().sentence("en")


TOO_LARGE = [
    ("gemv", {"out": 1 << 22, "inner": 1000, "batch": 3}),
    ("gemv", {"out": 9000, "inner": 1 << 20}),
    ("gemv-tree", {"out": 1 << 22, "inner": 1000}),
    ("score", {"heads": 9000, "context": 4096, "width": 128}),
]


@pytest.mark.parametrize(("kernel", "sizes"), TOO_LARGE)
def test_the_nearest_size_that_is_named_fits(kernel: str, sizes: dict[str, int]) -> None:
    dev = device("hbm2-pim")
    with pytest.raises(errors.ShapeTooLarge) as refused:
        plan(dev.spec, dev.task(kernel, **sizes))
    words = str(refused.value.fields["nearest"]).replace("in ", "inner ").split(", ")
    nearest = {name: int(size) for name, size in (word.split() for word in words)}
    assert plan(dev.spec, dev.task(kernel, **{**sizes, **nearest})).tiles.outs > 0


def test_a_refusal_spells_sizes_as_the_command_line_does() -> None:
    for sizes in ({"out": 8}, {"out": 8, "inner": 0}):
        with pytest.raises(errors.ShapeImpossible) as refused:
            device("hbm2-pim").run("gemv", **sizes)
        assert refused.value.sentence().startswith("in = ")


@pytest.mark.parametrize(("name", "kernel", "sizes", "error", "_field"), RUNS)
def test_the_reason_of_a_refused_run_is_korean_in_the_korean_sentence(
    name: str, kernel: str, sizes: dict[str, int | str], error: type[MadangError], _field: str
) -> None:
    with pytest.raises(error) as refused:
        device(name).run(kernel, **sizes)
    reason = str(refused.value.fields.get("reason", ""))
    assert not reason or reason not in refused.value.sentence("ko")
    assert reason in refused.value.sentence("en")


@pytest.mark.parametrize(("words", "error", "_field"), DEVICES)
def test_the_reason_of_a_refused_device_is_korean_in_the_korean_sentence(
    words: dict[str, object], error: type[MadangError], _field: str
) -> None:
    with pytest.raises(error) as refused:
        device(**words)
    reason = str(refused.value.fields.get("reason", ""))
    assert not reason or reason not in refused.value.sentence("ko")


def test_a_reason_keeps_its_numbers_and_one_without_a_translation_keeps_its_words() -> None:
    assert (
        korean("RC 3 is shorter than RAS 33 + RP 14")
        == "RC 3이(가) RAS 33 + RP 14보다 짧습니다"
    )
    assert korean("a word nobody translated") == "a word nobody translated"
