"""`madang testbed`: one JSON object, two languages, exit codes; a changed report is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from testbed_bench import spec_text, write_samples

from madang.cli.main import run
from madang.testbed.harness import signing
from madang.testbed.harness.verifying import verify as check_report

CHANGED = "runs/02/job.json: was changed"


def told(capsys, *words: str) -> tuple[int, dict]:
    capsys.readouterr()
    code = run(["testbed", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """A folder with one report that the command made."""
    folder = tmp_path_factory.mktemp("command")
    write_samples(folder)
    (folder / "chip.toml").write_text(spec_text("good"))
    code = run(["testbed", "run", str(folder / "chip.toml"), "--data", str(folder), "--json"])
    assert code == 0
    return folder / "chip.report"


def verify(capsys, folder: Path) -> tuple[int, dict]:
    return told(capsys, "verify", str(folder), "--key", str(folder / "key.pub.pem"))


def test_a_report_of_the_command_is_verified(capsys, report):
    code, found = verify(capsys, report)
    assert (code, found["ok"], found["recomputed"]) == (0, True, True)
    assert found["verdict"] == "passed"
    key = report.parent / "secrets" / "testbed-ed25519.pem"
    assert key.stat().st_mode & 0o777 == 0o600


def test_the_report_alone_is_verified_without_its_logs(capsys, report, tmp_path):
    shutil.copy(report / "report.json", tmp_path)
    shutil.copy(report / "key.pub.pem", tmp_path)
    code, found = verify(capsys, tmp_path)
    assert (code, found["ok"], found["recomputed"]) == (0, True, False)


@pytest.mark.parametrize(
    "name",
    [
        "report.json",
        "spec.toml",
        "prediction.json",
        "reference.json",
        "frozen.json",
        "runs/01/samples.csv",
        "runs/03/mlperf_log_detail.txt",
        "runs/accuracy/mlperf_log_accuracy.json",
    ],
)
def test_a_changed_bit_of_any_file_is_detected(capsys, report, tmp_path, name):
    folder = tmp_path / "copy"
    shutil.copytree(report, folder)
    changed = bytearray((folder / name).read_bytes())
    for place in (0, len(changed) // 2, len(changed) - 1):
        changed[place] ^= 1
        (folder / name).write_bytes(changed)
        code, found = verify(capsys, folder)
        assert (code, found["ok"]) == (1, False)
        assert found["faults"]
        changed[place] ^= 1
    (folder / name).unlink()
    if name not in {"report.json", "spec.toml"}:
        assert verify(capsys, folder)[1]["faults"] == [f"{name}: is missing"]


def test_a_bit_of_every_byte_of_a_raw_file_is_signed(report, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(report, folder)
    key = signing.public_key(folder / "key.pub.pem")
    raw = folder / "runs" / "02" / "job.json"
    whole = raw.read_bytes()
    undetected = []
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        raw.write_bytes(changed)
        if check_report(folder / "report.json", key).faults != [CHANGED]:
            undetected.append(place)
    assert undetected == []


def test_logs_of_a_report_are_read_like_mlperfs(capsys, report):
    code, found = told(capsys, "read-mlperf", str(report))
    assert (code, found["odd"], len(found["logs"])) == (0, 0, 6)
    verdicts = [one["recomputed"] for one in found["logs"]]
    assert verdicts == ["VALID"] * 5 + ["not a performance run"]


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("run", "none.toml"), "testbed.file.missing", 1),
        (("verify", "none.json", "--key", "none.pem"), "testbed.file.missing", 1),
        (("verify", "none.json"), "core.command.wrong_usage", 2),
        (("read-mlperf", "none"), "testbed.logs.missing", 1),
    ],
)
def test_refusals_have_codes_and_exit_codes(
    capsys, tmp_path, monkeypatch, words, code, exit_code
):
    monkeypatch.chdir(tmp_path)
    got, found = told(capsys, *words)
    assert (got, found["error"]["code"]) == (exit_code, code)
    assert found["error"]["message_ko"]


def test_a_key_that_is_none_is_refused(capsys, report, tmp_path):
    (tmp_path / "key.pem").write_text("no key")
    words = ("verify", str(report), "--key", str(tmp_path / "key.pem"))
    code, found = told(capsys, *words)
    assert (code, found["error"]["code"]) == (1, "testbed.key.malformed")


def test_a_person_reads_korean(capsys, report):
    words = ["testbed", "verify", str(report), "--key", str(report / "key.pub.pem")]
    assert run([*words, "--lang", "ko"]) == 0
    assert "서명이 맞습니다" in capsys.readouterr().out
