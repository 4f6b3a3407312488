"""The chip lab at the command line: one JSON object, exit codes, refusals with their codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from madang.cli.chip_options import on_front
from madang.cli.chips import run_
from madang.cli.main import run


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:
    code = run(["chips", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_run_answers_with_cycles_time_energy_and_commands(capsys) -> None:
    code, found = answer(
        capsys,
        "pim",
        "run",
        "--device",
        "hbm2-pim",
        "--kernel",
        "gemv",
        "--out",
        "4096",
        "--in",
        "1024",
        "--compat",
        "pimsimulator",
        "--set",
        "RCDRD=20",
    )
    assert code == 0
    assert (found["cycles"], found["time_ns"]) == (3808, 3808.0)
    assert found["overrides"] == {"RCDRD": 20}
    assert found["energy_band_pj"]["low"] < found["energy_pj"] < found["energy_band_pj"]["high"]
    assert found["commands"]["RD"] == 544


def test_host_mode_and_several_settings_in_one_word(capsys) -> None:
    code, found = answer(
        capsys,
        "pim",
        "run",
        "--device",
        "hbm2-pim",
        "--kernel",
        "gemv",
        "--out",
        "1024",
        "--in",
        "1024",
        "--mode",
        "host",
        "--compat",
        "pimsimulator",
        "--set",
        "RP=20,RC=53",
    )
    assert (code, found["cycles"], found["mode"]) == (0, 2503, "host")


def test_devices_are_listed_with_provenance(capsys) -> None:
    code, found = answer(capsys, "pim", "devices")
    names = [one["name"] for one in found["devices"]]
    assert code == 0
    assert names == ["gddr6-aim", "hbm2-pim", "hbm3-attacc", "lpddr5-pim", "upmem-v1"]
    assert found["devices"][1]["numbers"]["RL"]["source"]


def test_trace_is_replayed_and_judged(tmp_path: Path, capsys) -> None:
    trace = tmp_path / "a.trace"
    trace.write_text("R 0 0 0;|;R 4 0 0\n")
    words = ("--device", "hbm2-pim", "--compat", "pimsimulator")
    assert answer(capsys, "pim", "replay", str(trace), *words)[1]["cycles"] == 43
    code, found = answer(capsys, "pim", "check", str(trace), *words, "--ticks")
    assert (code, found["legal"], found["cycles_by_ticks"]) == (0, True, 43)
    aim = tmp_path / "b.trace"
    aim.write_text("AiM MAC_ABK 64 0xffffffff 0\nAiM EOC\n")
    words = ("--device", "gddr6-aim", "--compat", "aim_sim")
    assert answer(capsys, "pim", "replay", str(aim), *words)[1]["cycles"] == 185


def test_written_trace_replays_to_the_same_cycles_and_pictures_are_written(
    tmp_path: Path, capsys
) -> None:
    trace, pictures = tmp_path / "g.trace", tmp_path / "pictures"
    words = ("--device", "hbm2-pim", "--compat", "pimsimulator")
    _, found = answer(
        capsys,
        "pim",
        "run",
        *words,
        "--kernel",
        "gemv",
        "--out",
        "64",
        "--in",
        "256",
        "--asm",
        "--write-trace",
        str(trace),
        "--pictures",
        str(pictures),
        "--report",
        str(tmp_path / "run.html"),
    )
    page = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert found["report"].endswith("run.html")
    assert page.count("<svg") == 4
    assert f"{found['cycles']:,}" in page
    assert "MAC GRF_B" in found["asm"]
    assert sorted(p.name for p in pictures.iterdir()) == [
        "energy.svg",
        "occupancy.svg",
        "roofline.svg",
        "timeline.json",
        "timeline.svg",
    ]
    assert answer(capsys, "pim", "replay", str(trace), *words)[1]["cycles"] == found["cycles"]


def test_model_is_stepped_and_checked(tmp_path: Path, capsys) -> None:
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {"model_type": "gpt2", "n_embd": 256, "n_layer": 2, "n_head": 4, "vocab_size": 1000}
        )
    )
    code, found = answer(
        capsys,
        "pim",
        "model",
        "--device",
        "gddr6-aim",
        "--model",
        str(config),
        "--context",
        "64",
        "--batch",
        "1,4",
    )
    assert code == 0
    assert [one["batch"] for one in found["steps"]] == [1, 4]
    assert "64" in found["pim_pays_until_batch"]
    code, found = answer(capsys, "check", str(config), "--device", "gddr6-aim")
    assert code == 0
    assert {one["verdict"] for one in found["operators"]} <= {"pim", "rewritten", "host"}


def test_sweep_writes_its_folder(tmp_path: Path, capsys) -> None:
    spec = tmp_path / "s.toml"
    spec.write_text(
        'device = "hbm2-pim"\nkernel = "add"\n[shape]\nelements = 1000\n[vary]\nCCDL = [2, 4]\n'
    )
    code, found = answer(capsys, "pim", "sweep", str(spec), "--out", str(tmp_path / "out"))
    assert (code, found["ran"], len(found["front"])) == (0, 2, 1)


def test_what_people_read_holds_words_and_no_braces(tmp_path: Path, capsys) -> None:
    spec = tmp_path / "s.toml"
    spec.write_text(
        'device = "hbm2-pim"\nkernel = "add"\n[shape]\nelements = 1000\n[vary]\nCCDL = [2]\n'
    )
    assert run(["chips", "pim", "sweep", str(spec), "--out", str(tmp_path / "out")]) == 0
    line = capsys.readouterr().out.splitlines()[2].split()
    assert (line[:2], line[3:4], line[-1]) == (["CCDL", "2"], ["cycles,"], "uJ")
    trace = str(tmp_path / "t.trace")
    words = (
        "chips",
        "pim",
        "run",
        "--device",
        "hbm2-pim",
        "--kernel",
        "add",
        "--elements",
        "99",
    )
    assert run([*words, "--write-trace", trace]) == 0
    assert capsys.readouterr().out.startswith("add elements 99: hbm2-pim, jedec, pim\n")
    assert run(["chips", "pim", "replay", "--device", "hbm2-pim", trace]) == 0
    assert "no arithmetic in the energy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("time_ns", 2193.0, "2.193 us"),
        ("energy_pj", 52081459.2, "52.081 uJ"),
        ("cycles", 5198904, "5,198,904 cycles"),
        ("multipliers", 1024, "1,024 multipliers"),
    ],
)
def test_cost_of_a_design_point_is_told_in_its_unit(name: str, value: float, said: str) -> None:
    front = on_front([{"dataflow": "os", "rows": 32, "cols": 16, name: value}])
    assert front[1] == f"  {'dataflow os, rows 32, cols 16':32} {said}"


REFUSED = [
    (("pim", "run", "--device", "x", "--kernel", "gemv"), 1, "chips.device.unknown"),
    (("pim", "run", "--device", "hbm2-pim", "--kernel", "gemv"), 1, "chips.shape.impossible"),
    (
        ("pim", "run", "--device", "hbm2-pim", "--kernel", "gemv", "--set", "RL"),
        2,
        "core.command.wrong_usage",
    ),
    (
        (
            "pim",
            "run",
            "--device",
            "hbm2-pim",
            "--kernel",
            "add",
            "--elements",
            "9",
            "--set",
            "RL=0",
        ),
        1,
        "chips.parameter.impossible",
    ),
    (("pim", "replay", "--device", "hbm2-pim", "none.trace"), 1, "chips.file.missing"),
    (("pim", "replay", "--device", "upmem-v1", "none.trace"), 1, "chips.kernel.unsupported"),
    (("pim", "model", "--device", "hbm2-pim", "--model", "none.json"), 1, "chips.file.missing"),
    (
        ("pim", "model", "--device", "hbm2-pim", "--model", "none.json", "--batch", "a"),
        2,
        "core.command.wrong_usage",
    ),
    (("pim", "run"), 2, "core.command.wrong_usage"),
]


@pytest.mark.parametrize(("words", "exit_code", "code"), REFUSED)
def test_refusal_has_its_exit_code_and_its_code(
    capsys, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    found_code, found = answer(capsys, *words)
    assert (found_code, found["error"]["code"]) == (exit_code, code)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("--device hbm", {"hbm2-pim", "hbm3-attacc"}),
        ("--device gddr6-aim --compat ", {"jedec", "aim_sim"}),
        ("--device hbm2-pim --kernel gem", {"gemv", "gemv-tree", "gemm"}),
        ("--device hbm2-pim --set RCD", {"RCDRD=", "RCDWR="}),
        ("--device hbm9 --compat ", set()),
        ("--kernel ge", set()),
    ],
)
def test_the_shell_completes_devices_kernels_profiles_and_numbers(
    words: str, offered: set[str]
) -> None:
    *before, begun = words.split(" ")
    shell = ShellComplete(run_, {}, "run", "_RUN_COMPLETE")
    assert {one.value for one in shell.get_completions(before, begun)} == offered
