"""The planner at the command line: one JSON object, exit codes, refusals with their codes."""

from __future__ import annotations

import json

import pytest

from madang.cli.main import run
from madang.compute.planner import plan


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:
    code = run(["compute", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_backtest_against_published_figures_holds_every_line(capsys):
    code, found = answer(capsys, "backtest")
    assert (code, found["missed"]) == (0, 0)
    groups = {line["group"] for line in found["lines"]}
    assert groups == {"muri-simulated", "muri-testbed", "round"}
    assert sum(line["group"] == "muri-simulated" for line in found["lines"]) == 48


HEAD = "id,cards,gpu_hours,starts_on,ends_on,score\n"
SITE = '[site]\nname = "s"\nnode_cards = 8\n[[stage]]\nopens_on = 2026-03-01\nnodes = 3\n'


@pytest.fixture
def files(tmp_path):
    rows = [f"a{n},{1 << n % 4},{300 << n % 4},2026-03-01,2026-03-31,{n}\n" for n in range(8)]
    (tmp_path / "a.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    return ["--applications", str(tmp_path / "a.csv"), "--site", str(tmp_path / "site.toml")]


@pytest.mark.parametrize("policy", ["dedicated", "pooled", "floor-borrow"])
def test_plan_answers_what_a_committee_asks(capsys, files, policy):
    code, found = answer(capsys, "plan", *files, "--policy", policy, "--seeds", "3")
    assert code == 0
    assert found["needed_cards"] % 8 == 0 and found["at_needed"]["met"]
    waits = found["at_needed"]["waits"]
    assert [one["class"] for one in waits] == ["1", "2-4", "5-8"]
    assert all(set(one["p95_wait_h"]) == {"low", "middle", "high"} for one in waits)
    assert {"utilisation", "stranded", "unspent"} <= set(found["at_needed"])
    assert found["stages"]["plan"] and "awards" in found["knee"]


def test_plan_writes_reports_where_it_is_told(capsys, files, tmp_path):
    out = tmp_path / "out"
    code, found = answer(capsys, "plan", *files, "--seeds", "3", "--out", str(out))
    assert code == 0
    assert sorted(found["files"]) == sorted(str(path) for path in out.iterdir())


def test_a_folder_that_takes_nothing_is_refused_before_the_work(capsys, files, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    out = str(tmp_path / "file" / "out")
    assert run(["compute", "plan", *files, "--out", out]) == 1
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert "--out" in told.err and "산술 점검" not in told.err


def test_a_plan_that_is_broken_off_says_so_and_leaves_nothing(
    capsys, files, tmp_path, monkeypatch
):
    def broken_off(*args, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "make", broken_off)
    out = tmp_path / "out"
    code, found = answer(capsys, "plan", *files, "--out", str(out))
    assert (code, found["error"]["code"]) == (2, "cli.command.interrupted")
    assert found["error"]["message_ko"] == "명령이 끝나기 전에 중단되었습니다."
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["--p95-wait", "soon"], "core.command.wrong_usage", 2),
        (["--take-up", "2"], "core.command.wrong_usage", 2),
        (["--seeds", "1"], "core.command.wrong_usage", 2),
        (["--seed", "-1"], "core.command.wrong_usage", 2),
        (["--jobs", "nowhere.csv"], "compute.file.missing", 1),
    ],
)
def test_plan_refuses_with_a_code(capsys, files, words, code, exit_code):
    left, found = answer(capsys, "plan", *files, *words)
    assert (left, found["error"]["code"]) == (exit_code, code)


def test_the_report_is_printed_in_korean_when_asked(capsys, files):
    assert run(["compute", "plan", *files, "--seeds", "3", "--lang", "ko"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("# GPU 수요 계획")
    assert "산술 점검" in told.err


def test_a_backtest_says_in_words_how_many_figures_were_inside(capsys, files, tmp_path):
    out, came = tmp_path / "out", tmp_path / "ledger.csv"
    assert run(["compute", "plan", *files, "--seeds", "3", "--out", str(out)]) == 0
    came.write_text("grant,gpu_seconds\ng1,7200\ng1,-3600\n", encoding="utf-8")
    words = ["compute", "backtest", "--forecast", str(out / "plan.json"), "--actual", str(came)]
    capsys.readouterr()
    assert run([*words, "--lang", "en"]) == 0
    head, used, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["figure", "low", "middle", "high", "what", "came"]
    assert used.startswith("card-hours used") and used.endswith("1.0  !")
    assert last == "0 of 1 figures are inside the forecast's 80 % interval."
    assert run([*words, "--lang", "ko"]) == 0
    assert "1개 가운데 0개가" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plan", "--p95-wait", "soon"], "'soon' 값은 4h, 30m, 2d 같은 시간이 아닙니다"),
        (["plan", "--take-up", "2"], "'2' 값은 0.7-1.0 같은 비율이 아닙니다"),
        (["backtest", "--ledger", "s"], "--actual이나 --ledger 하나와 함께 씁니다"),
    ],
)
def test_wrong_words_are_told_in_korean(capsys, files, words, told):
    more = files if words[0] == "plan" else []
    code, found = answer(capsys, *words, *more)
    assert code == 2 and told in found["error"]["message_ko"]


def test_coverage_names_its_columns_and_its_aim(capsys):
    assert run(["compute", "backtest", "--coverage", "--seeds", "2", "--lang", "en"]) == 0
    aim, head, *rows = capsys.readouterr().out.splitlines()
    assert "80 % interval" in aim and "70 to 90 %" in aim
    assert head.split() == ["figure", "checks", "draws", "alone", "stretched"]
    assert [one.split("  ")[0] for one in rows] == [
        "mean wait",
        "P95 wait",
        "P95 wait, 1 cards",
        "P95 wait, 2-4 cards",
        "P95 wait, 5+ cards",
    ]
