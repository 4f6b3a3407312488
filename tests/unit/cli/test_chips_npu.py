"""`madang chips npu run`: one JSON object, refusals with their codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from madang.cli.main import run

ARRAY = ("--rows", "16", "--cols", "24", "--dataflow", "os", "--sram-kb", "4")


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:
    code = run(["chips", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_gemm_answers_with_right_counts(capsys) -> None:
    code, found = answer(capsys, "npu", "run", *ARRAY, "--gemm", "64,64,64")
    assert code == 0
    assert (found["cycles"], found["sram_ofmap_writes"], found["stall_cycles"]) == (
        1224,
        4096,
        0,
    )
    assert found["workload"]["macs"] == 64**3
    assert found["energy"]["band_pj"]["low"] < found["energy"]["energy_pj"]


def test_compat_answers_with_the_peers_counts_and_names_its_slips(capsys) -> None:
    compat = ("--compat", "scalesim-3.0.0", "--gemm", "64,64,64")
    code, found = answer(capsys, "npu", "run", *ARRAY, *compat)
    assert (code, found["cycles"], found["sram_ofmap_writes"]) == (0, 1223, 4576)
    assert any("one too low" in note for note in found["notes"])
    found = answer(capsys, "npu", "run", *ARRAY, *compat, "--bandwidth", "10")[1]
    assert (found["stall_cycles"], found["cycles"]) == (1268, 2491)


def test_a_limited_bandwidth_adds_stalls_and_more_of_it_none(capsys) -> None:
    slow = answer(capsys, "npu", "run", *ARRAY, "--gemm", "64,64,64", "--bandwidth", "1")[1]
    fast = answer(capsys, "npu", "run", *ARRAY, "--gemm", "64,64,64", "--bandwidth", "4096")[1]
    assert slow["cycles"] >= 12288 + 5024 + 4096
    assert fast["cycles"] <= 1224 + 4


def test_a_topology_file_runs_layer_by_layer(capsys, tmp_path: Path) -> None:
    file = tmp_path / "net.csv"
    file.write_text("Layer,H,W,fh,fw,c,n,s,\nc1,17,17,3,3,16,32,2,\nc2,16,16,3,3,16,32,2\n")
    code, found = answer(capsys, "npu", "run", *ARRAY, "--topology", str(file))
    assert code == 0
    assert [one["m"] for one in found["layers"]] == [64, 49]
    assert found["cycles"] == sum(one["total_cycles"] for one in found["layers"])


def test_a_depthwise_line_is_a_layer_for_each_channel(capsys, tmp_path: Path) -> None:
    file = tmp_path / "net.csv"
    file.write_text("Layer,H,W,fh,fw,c,n,s,\nconvDP1,16,16,3,3,8,8,1,\n")
    compat = ("--compat", "scalesim-3.0.0", "--topology", str(file))
    found = answer(capsys, "npu", "run", *ARRAY, *compat)[1]
    (one,) = found["layers"]
    assert (one["times"], one["total_cycles"], one["dram_filter_reads"]) == (8, 8 * 610, 8 * 9)
    assert found["macs"] == found["workload"]["macs"] == 8 * 196 * 9


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("--gemm", "0,1,1"), "chips.shape.impossible", 1),
        (("--gemm", "1,1"), "core.command.wrong_usage", 2),
        (("--gemm", "1,x,1"), "core.command.wrong_usage", 2),
        ((), "core.command.wrong_usage", 2),
        (("--topology", "nowhere.csv"), "chips.file.missing", 1),
        (("--gemm", "1,1,1", "--compat", "other"), "chips.compat.unknown", 1),
        (("--gemm", "1,1,1", "--bandwidth", "0"), "chips.parameter.impossible", 1),
        (("--gemm", "1,1,1", "--bandwidth", "x"), "core.command.wrong_usage", 2),
        (("--gemm", "1,1,1", "--sram-kb", "1,2"), "core.command.wrong_usage", 2),
        (("--gemm", "1,1,1", "--sram-kb", "0"), "chips.parameter.impossible", 1),
    ],
)
def test_wrong_words_are_refused_by_name(capsys, words, code, exit_code) -> None:
    found = answer(capsys, "npu", "run", *ARRAY, *words)
    assert (found[1]["error"]["code"], found[0]) == (code, exit_code)
    assert found[1]["error"]["message_ko"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("h\nc1,1,2,3,4\n", 2),
        ("h\nc1,8,8,3,3,4,4,1,2:4,\n", 2),
        ("h\ng,1,2,3\nc1,8,8,x,3,4,4,1\n", 3),
        ("h\nc1,8,8,3,3,4,4,1,2\n", 2),
        ("h\n", 1),
        ("h\ng,1,2," + "9" * 5000 + ",\n", 2),
        ("h\ng,1,-2,3,\n", 2),
    ],
)
def test_broken_lines_of_a_topology_are_named(capsys, tmp_path: Path, text, line) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    code, found = answer(capsys, "npu", "run", *ARRAY, "--topology", str(file))
    assert (code, found["error"]["code"]) == (1, "chips.model.malformed")
    assert found["error"]["line"] == line


def test_a_named_model_runs_on_an_array(capsys) -> None:
    code, found = answer(capsys, "npu", "run", *ARRAY, "--model", "bert-base", "--tokens", "8")
    assert code == 0
    assert found["macs"] == found["workload"]["macs"]
    assert found["vector_cycles"] > 0
    compat = answer(
        capsys, "npu", "run", *ARRAY, "--model", "resnet50", "--compat", "scalesim-3.0.0"
    )[1]
    assert compat["vector_cycles"] == 0


def test_a_workload_answers_with_totals_and_digests(capsys) -> None:
    code, found = answer(capsys, "workload", "llama-3.1-8b", "--tokens", "1", "--context", "64")
    assert (code, found["parameters"]) == (0, 8_030_261_248)
    assert len(found["work_sha256"]) == 64


def test_quantising_by_name_says_that_its_errors_are_synthetic(capsys) -> None:
    code, found = answer(capsys, "quantise", "gpt2", "--to", "int8")
    assert code == 0
    assert found["after"]["weight_bytes"] < found["before"]["weight_bytes"]
    assert all(one["synthetic"] for one in found["weights"])


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("workload", "no-such-model"), "chips.model.unknown", 1),
        (("workload", "no.onnx"), "chips.file.missing", 1),
        (("workload", "gpt2", "--dim", "x"), "core.command.wrong_usage", 2),
        (("workload", "gpt2", "--dim", "x=y"), "core.command.wrong_usage", 2),
        (("workload", "gpt2", "--dtype", "fp7"), "chips.model.malformed", 1),
        (("workload", "gpt2", "--context", "4", "--tokens", "9"), "chips.shape.impossible", 1),
        (
            ("quantise", "gpt2", "--to", "int8", "--out", "x.onnx"),
            "core.command.wrong_usage",
            2,
        ),
    ],
)
def test_models_that_cannot_be_are_refused_by_name(capsys, words, code, exit_code) -> None:
    found = answer(capsys, *words)
    assert (found[1]["error"]["code"], found[0]) == (code, exit_code)


SERVED = ("--model", "llama-3.1-8b", "--input", "128", "--output", "128")


def test_a_prediction_carries_its_batch_its_interval_and_its_assumptions(capsys) -> None:
    code, found = answer(capsys, "predict", "--device", "RNGD", *SERVED)
    assert code == 0
    assert found["interval"]["low"] < found["tokens_per_second"] < found["interval"]["high"]
    assert found["batch_source"] == "what memory holds"
    assert found["time_per_output_token_ms"] > 0
    assert found["bound"] in ("compute", "memory", "interconnect", "overhead")


def test_calibration_is_named_and_can_be_left_out(capsys) -> None:
    words = ("predict", "--device", "Gaudi3", *SERVED, "--batch", "64")
    fitted, plain = answer(capsys, *words)[1], answer(capsys, *words, "--uncalibrated")[1]
    assert len(fitted["efficiency"]["fitted_rows"]) == 8
    assert plain["efficiency"]["fitted_rows"] == []


def test_validate_answers_with_rows_targets_and_misses(capsys) -> None:
    code, found = answer(capsys, "validate")
    assert code == 0
    assert {"source", "error", "calibrated", "standing"} <= set(found["rows"][0])
    assert all(one["held"] for one in found["targets"])
    assert found["misses"]


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("--device", "H1000", *SERVED), "chips.chip.unknown", 1),
        (("--device", "H100", *SERVED, "--batch", "many"), "core.command.wrong_usage", 2),
        (("--device", "H100", *SERVED, "--batch", "0"), "chips.shape.impossible", 1),
        (("--device", "Warboy", *SERVED), "chips.number.unknown", 1),
        (("--device", "H100", *SERVED, "--set", "beauty=1"), "chips.parameter.unknown", 1),
        (("--device", "H100", *SERVED, "--set", "tdp=0"), "chips.parameter.impossible", 1),
        (
            ("--device", "H100", *SERVED[2:], "--model", "bert-base"),
            "chips.operator.unsupported",
            1,
        ),
        (("--device", "H100", *SERVED[2:], "--model", "x.onnx"), "chips.model.malformed", 1),
    ],
)
def test_predictions_that_cannot_be_are_refused_by_name(capsys, words, code, exit_code) -> None:
    found = answer(capsys, "predict", *words)
    assert (found[1]["error"]["code"], found[0]) == (code, exit_code)


def test_cores_answer_with_tiles_and_active_cycles(capsys, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    words = ("npu", "cores", "--gemm", "1024,1024,1024", "--compat", "onnxim-a1e8629")
    code, found = answer(capsys, *words, "--trace", str(trace))
    assert (code, found["tiles"], found["active_cycles"]) == (0, [2, 2, 1], [16384] * 4)
    events = json.loads(trace.read_text())["traceEvents"]
    names = [one["args"]["name"] for one in events if one["name"] == "process_name"]
    assert names == [
        *("Host", "Neural Engine Clusters", "Neural DMA", "Task DMA"),
        *("External HDMA", "Device HDMA", "Device Sync"),
    ]
    assert {one["pid"] for one in events if one["ph"] == "X"} == {1, 2}


def test_pictures_of_a_run_are_written(capsys, tmp_path: Path) -> None:
    words = ("npu", "run", *ARRAY, "--model", "gpt2", "--tokens", "4", "--bandwidth", "8")
    found = answer(capsys, *words, "--pictures", str(tmp_path / "p"))[1]
    assert len(found["pictures"]) == 3
    assert (tmp_path / "p" / "utilisation.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        ((), "core.command.wrong_usage", 2),
        (("--gemm", "0,1,1"), "core.command.wrong_usage", 2),
        (("--gemm", "1,1,1", "--compat", "x"), "chips.compat.unknown", 1),
        (("--gemm", "1,1,1", "--cores", "0"), "chips.parameter.impossible", 1),
        (("--gemm", "1,1,1", "--spad-mb", "0"), "chips.parameter.impossible", 1),
        (("--gemm", "1,1,1", "--set", "nothing=1"), "core.command.wrong_usage", 2),
        (("--gemm", "999999,999999,999999"), "chips.shape.too_large", 1),
    ],
)
def test_cores_that_cannot_be_are_refused_by_name(capsys, words, code, exit_code) -> None:
    found = answer(capsys, "npu", "cores", *words)
    assert (found[1]["error"]["code"], found[0]) == (code, exit_code)


def test_check_on_an_npu_answers_by_operator_and_leaves_memories_to_their_own(capsys) -> None:
    code, found = answer(capsys, "check", "gpt2", "--device", "RNGD", "--dtype", "bf16")
    assert code == 0
    assert found["operators"]
    assert found["support"]["source"]
    found = answer(capsys, "check", "gpt2", "--device", "nothing")[1]
    assert found["error"]["code"] == "chips.device.unknown"
    assert "RNGD" in found["error"]["message"]


def test_sweep_reads_arrays_and_memories_by_the_file(capsys, tmp_path: Path) -> None:
    arrays = tmp_path / "arrays.toml"
    arrays.write_text(
        'engine = "systolic"\nmodel = "gpt2"\n[vary]\nrows = [8, 16]\ncols = [8, 32]\n'
    )
    found = answer(capsys, "sweep", str(arrays), "--out", str(tmp_path / "a"))[1]
    assert found["points"] == 12
    memories = tmp_path / "memories.toml"
    memories.write_text(
        'device = "hbm2-pim"\nkernel = "gemv"\n[shape]\nout = 64\nin = 256\n'
        "[vary]\nCCDL = [2, 4]\n"
    )
    found = answer(capsys, "sweep", str(memories), "--out", str(tmp_path / "b"))[1]
    assert found["points"] == 2
    found = answer(capsys, "sweep", str(tmp_path / "no.toml"), "--out", str(tmp_path))[1]
    assert found["error"]["code"] == "chips.file.missing"


def test_compare_answers_side_by_side_with_pictures(capsys, tmp_path: Path) -> None:
    words = ("compare", "llama-2-7b", "--devices", "H100,RNGD,RNGD+hbm2-pim")
    code, found = answer(capsys, *words, "--pictures", str(tmp_path))
    assert code == 0
    assert [one["kind"] for one in found["devices"]] == ["gpu", "npu", "npu+pim"]
    assert found["devices"][0]["against_first"] == 1
    assert len(found["pictures"]) == 2
    found = answer(capsys, "compare", "llama-2-7b", "--devices", ",")[1]
    assert found["error"]["code"] == "core.command.wrong_usage"


def test_graphs_for_viewers_carry_numbers(capsys, tmp_path: Path) -> None:
    words = ("npu", "run", *ARRAY, "--model", "gpt2", "--tokens", "4")
    for suffix in (".onnx", ".json"):
        file = tmp_path / f"g{suffix}"
        assert answer(capsys, *words, "--graph", str(file))[1]["graph"] == str(file)
    (collection,) = json.loads((tmp_path / "g.json").read_text())
    nodes = collection["graphs"][0]["nodes"]
    assert {one["key"] for one in nodes[1]["attrs"]} >= {"total_cycles", "overall_util"}
    import onnx

    model = onnx.load(tmp_path / "g.onnx")
    assert "total_cycles" in model.graph.node[2].doc_string
    found = answer(capsys, *words, "--graph", str(tmp_path / "g.txt"))[1]
    assert found["error"]["code"] == "chips.shape.impossible"


def test_a_number_that_nobody_publishes_can_be_set_and_is_named(capsys) -> None:
    words = ("predict", "--device", "Rebel100", *SERVED, "--batch", "64")
    assert answer(capsys, *words)[1]["error"]["code"] == "chips.number.unknown"
    code, found = answer(capsys, *words, "--set", "peak_fp8=2000")
    assert code == 0
    assert any("set by hand: peak_fp8" in one for one in found["assumptions"])
