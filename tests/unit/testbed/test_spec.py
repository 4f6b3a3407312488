"""Specifications: what is read, and a table of what is refused with the field's name."""

from __future__ import annotations

import pytest
from testbed_bench import spec_text

from madang.testbed.errors import DataMalformed, FileMissing, SpecMalformed
from madang.testbed.harness.samples import load_samples
from madang.testbed.harness.spec import located, read_spec, spec_from

REFUSED = [
    ({"run": 'profile = "official"\nmin_duration_s = 60'}, "run.min_duration_s"),
    ({"run": 'profile = "quick"\nrepetitions = 4'}, "run.repetitions"),
    ({"run": 'profile = "fast"'}, "run.profile"),
    ({"run": 'profile = "quick"\nseed = true'}, "run.seed"),
    ({"scenario": 'name = "MultiStream"'}, "scenario.name"),
    ({"scenario": 'name = "Server"\nexpected_qps = 5'}, "scenario.latency_ms"),
    ({"scenario": 'name = "Server"\nlatency_ms = 5'}, "scenario.expected_qps"),
    ({"scenario": 'name = "LLM"\nexpected_qps = 5\nttft_ms = 5'}, "scenario.tpot_ms"),
    ({"scenario": 'name = "Offline"\nexpected_qps = nan'}, "scenario.expected_qps"),
    (
        {
            "scenario": 'name = "SingleStream"\nexpected_qps = 200_000',
            "run": 'profile = "official"',
        },
        "scenario.expected_qps",
    ),
    ({"subject": 'kind = "gpu"'}, "subject.kind"),
    ({"subject": 'kind = "process"\ncommand = []'}, "subject.command"),
    ({"subject": 'kind = "process"\ncommand = ["x"]\nconcurrency = 2'}, "subject.concurrency"),
    ({"subject": 'kind = "openai"\nmodel = "m"\naddress = "ftp://x"'}, "subject.address"),
    ({"subject": 'kind = "openai"\nmodel = "m"\naddress = "http://x"'}, "scenario.name"),
    ({"subject": 'kind = "simulated"\nmodel = "m.onnx"'}, "prediction.kind"),
    ({"accuracy": 'metric = "top1"'}, "accuracy.reference"),
    ({"accuracy": 'metric = "top1"\nreference = "onnxruntime"'}, "subject.model"),
    ({"power": 'class = "wall"'}, "power.instrument"),
    ({"power": 'class = "tdp"'}, "power.class"),
    ({"prediction": 'kind = "stated"'}, "prediction.value"),
    ({"prediction": 'kind = "stated"\nvalue = 1\nvalu = 2'}, "prediction.valu"),
    ({"data": "low = 1\nhigh = 1"}, "data.high"),
    ({"data": "shapes = { x = [0] }"}, "data.shapes.x"),
    ({"surprise": "x = 1"}, "surprise"),
]


@pytest.mark.parametrize(("tables", "field"), REFUSED, ids=[one[1] for one in REFUSED])
def test_a_field_that_cannot_be_is_refused_by_name(tmp_path, tables, field):
    with pytest.raises(SpecMalformed) as refused:
        spec_from(spec_text("good", **tables).encode(), tmp_path)
    assert refused.value.fields["field"] == field


@pytest.mark.parametrize("source", [b"\xff", b"device = ", b"device = 1"])
def test_what_is_no_specification_is_refused(tmp_path, source):
    with pytest.raises(SpecMalformed):
        spec_from(source, tmp_path)


def test_the_official_profile_is_mlperfs_and_comparable(tmp_path):
    spec = spec_from(spec_text("good", run='profile = "official"').encode(), tmp_path)
    assert (spec.plan.min_duration_s, spec.plan.repetitions) == (600.0, 5)
    assert spec.plan.comparable


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileMissing):
        read_spec(tmp_path / "none.toml")
    with pytest.raises(FileMissing):
        located("wheel:no_such_package_here/model.onnx", tmp_path)
    with pytest.raises(SpecMalformed):
        located("wheel:magika/../../secret", tmp_path)
    with pytest.raises(FileMissing):
        load_samples(spec_from(spec_text("good").encode(), tmp_path))


def test_samples_that_are_no_arrays_are_refused(tmp_path):
    (tmp_path / "samples.npz").write_bytes(b"not a zip")
    with pytest.raises(DataMalformed):
        load_samples(spec_from(spec_text("good").encode(), tmp_path))
