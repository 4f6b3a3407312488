"""`madang rights` as a person and a program call it: answers, refusals, exit codes, help."""

from __future__ import annotations

import json
import re

import click
import pytest

from madang.cli import main
from madang.cli.rights import rights
from madang.rights import Act, card


def call(capsys, *words):
    code = main.run(["rights", *map(str, words)])
    return code, capsys.readouterr()


@pytest.fixture
def scanned(tmp_path, capsys):
    archive, out = tmp_path / "a.warc.gz", tmp_path / "scan"
    assert call(capsys, "sample", archive, "--pages", 60, "--page-bytes", 2000)[0] == 0
    code, said = call(
        capsys,
        "scan",
        archive,
        "--regime",
        "eu-art4",
        "--purpose",
        "commercial",
        "--out",
        out,
        "--json",
    )
    assert code == 0
    assert json.loads(said.out)["rows"] == 60
    return out


def test_decide_prints_one_entry_per_act(tmp_path, capsys):
    facts = tmp_path / "f.json"
    facts.write_text(
        json.dumps(
            {
                "regime": "EU-ART4",
                "as_of": "2026-11-22",
                "purpose": "commercial",
                "access": "open",
                "contract": "none",
                "reservation": "none",
            }
        )
    )
    code, said = call(capsys, "decide", facts, "--json")
    found = json.loads(said.out)
    assert code == 0
    assert list(found) == [act.value for act in Act]
    assert found["train"]["verdict"] == "allowed"
    assert set(found["train"]) >= {"verdict", "reasons", "citations", "readings", "duties"}


REFUSALS = [
    ({"purpose": "fun", "regime": "eu-art4"}, 1, "rights.facts.malformed"),
    ({"regime": "atlantis"}, 1, "rights.regime.unknown"),
    ({}, 2, "core.command.wrong_usage"),
]


@pytest.mark.parametrize(("document", "code", "name"), REFUSALS)
def test_facts_that_cannot_be_decided_are_refused_with_a_code(
    tmp_path, capsys, document, code, name
):
    facts = tmp_path / "f.json"
    facts.write_text(json.dumps(document))
    exit_code, said = call(capsys, "decide", facts, "--json")
    assert exit_code == code
    assert json.loads(said.out)["error"]["code"] == name


def test_scan_explain_review_recheck_card_and_verify_work_one_after_another(scanned, capsys):
    code, said = call(capsys, "review", "list", scanned, "--regime", "eu-art4", "--json")
    groups = json.loads(said.out)["groups"]
    assert code == 0
    assert groups
    url = groups[0]["examples"][0]
    code, said = call(capsys, "explain", scanned, url, "--lang", "ko")
    assert code == 0
    assert "검토 필요" in said.out
    code, said = call(
        capsys,
        "review",
        "decide",
        scanned,
        groups[0]["group"],
        "--regime",
        "eu-art4",
        "--verdict",
        "reserved",
        "--by",
        "lee",
        "--reason",
        "asked",
        "--json",
    )
    assert code == 0
    code, said = call(capsys, "review", "release", scanned, "--regime", "eu-art4", "--json")
    assert sum(json.loads(said.out)["verdicts"].values()) == 60
    code, said = call(capsys, "review", "release", scanned, "--regime", "eu-art4")
    assert re.search(r"^ +\d+  reserved$", said.out, re.MULTILINE), "for people, no JSON"
    code, said = call(capsys, "recheck", scanned, "--json")
    assert json.loads(said.out)["rows_changed"] == 0
    code, said = call(
        capsys,
        "card",
        scanned,
        "--regime",
        "eu-art4",
        "--name",
        "x",
        "--contact",
        "c",
        "--json",
    )
    assert len(json.loads(said.out)["files"]) == 4
    code, said = call(capsys, "verify", scanned, "--rebuild", "--json")
    assert json.loads(said.out)["ok"] is True


def test_explain_takes_the_folder_first_or_as_an_option(scanned, capsys):
    url = "https://host000000.example/news/0.html"
    first = call(capsys, "explain", scanned, url, "--json")
    assert call(capsys, "explain", url, "--out", scanned, "--json") == first
    assert first[0] == 0
    assert call(capsys, "explain", "a", "b", "c", "--json")[0] == 2


@pytest.mark.parametrize(
    "words",
    [
        ["card", "SCAN", "--name", "x", "--contact", "y"],
        ["review", "list", "SCAN"],
        ["review", "release", "SCAN"],
    ],
)
def test_regime_that_the_scan_was_not_made_under_is_refused_with_those_it_has(
    scanned, capsys, words
):
    given = [scanned if word == "SCAN" else word for word in words]
    code, said = call(capsys, *given, "--regime", "sg-244", "--json")
    error = json.loads(said.out)["error"]
    assert (code, error["code"]) == (1, "rights.regime.not_scanned")
    assert "eu-art4" in error["message"]


def test_explanation_takes_an_address_without_its_scheme_and_says_what_is_a_draft(
    scanned, capsys
):
    code, said = call(capsys, "explain", scanned, "host000000.example/news/0.html")
    assert code == 0
    assert "https://host000000.example/news/0.html" in said.out
    assert "[eu-art4, draft]" in said.out
    assert "any purpose, opt-out (draft)" in said.out


def test_regimes_and_addresses_complete_in_the_shell(scanned):
    scan = rights.commands["scan"]
    option = next(p for p in scan.params if p.name == "names")
    context = click.Context(scan)
    found = [item.value for item in option.shell_complete(context, "eu-art4,kr-f")]
    assert found == ["eu-art4,kr-fair"]
    explain = rights.commands["explain"]
    words = next(p for p in explain.params if p.name == "words")
    context = click.Context(explain)
    context.params["words"] = (str(scanned),)
    found = [item.value for item in words.shell_complete(context, "https://host000000")]
    assert "https://host000000.example/news/0.html" in found


def test_demonstration_makes_a_crawl_its_scan_and_a_card_that_one_file_carries(
    tmp_path, capsys
):
    code, said = call(capsys, "demo", tmp_path / "demo", "--json")
    assert code == 0
    assert json.loads(said.out)["summary"]["rows"] == 300
    whole = json.loads((tmp_path / "demo/scan/card/card.json").read_text(encoding="utf-8"))
    assert "시행되고 있지 않으며" in whole["text"]["ko"]
    assert "exemption is in force in Korea" in whole["text"]["en"]
    assert card.counts_of(whole["croissant"]) == whole["counts"]
    assert whole["rules_status"] == "draft"
    assert call(capsys, "demo", tmp_path / "demo", "--json")[0] == 0


def test_several_regimes_may_stand_in_one_option(tmp_path, capsys):
    archive = tmp_path / "a.warc.gz"
    call(capsys, "sample", archive, "--pages", 5, "--hosts", 5, "--page-bytes", 1000)
    code, said = call(
        capsys,
        "scan",
        archive,
        "--regime",
        "eu-art4,KR-CURRENT",
        "--purpose",
        "commercial",
        "--out",
        tmp_path / "s",
        "--json",
    )
    assert code == 0
    assert list(json.loads(said.out)["verdicts"]) == ["eu-art4", "kr-current"]


def test_laws_are_listed_and_a_late_day_finds_them_stale(capsys):
    code, said = call(capsys, "laws", "--as-of", "2026-11-25", "--json")
    assert code == 0
    assert len(json.loads(said.out)["laws"]) >= 15
    code, said = call(capsys, "laws", "--as-of", "2028-01-01", "--json")
    assert code == 1
    assert json.loads(said.out)["stale"]


def test_one_regime_is_shown_in_full_with_its_doubts_and_that_nobody_signed_it(capsys):
    code, said = call(capsys, "laws", "eu-art4", "--as-of", "2026-11-25", "--lang", "en")
    assert code == 0
    assert "in force: 2021-06-07 – open" in said.out
    assert "reviewed by: not reviewed by counsel" in said.out
    assert "unsettled by: C-250/25 Like Company v Google" in said.out
    assert "[Regulation (EU) 2024/1689 Art. 53(1)(c)" in said.out
    assert '"appropriate manner, such as machine-readable means" (Directive' in said.out
    code, said = call(capsys, "laws", "KR-CURRENT", "--as-of", "2026-11-25", "--lang", "ko")
    assert code == 0
    assert "변호사 검토를 받지 않음" in said.out
    assert "kr-fair.unfair_competition [수집, 보관, 데이터셋 공유] 참고:" in said.out
    assert "kr-art7.use [보관, 모델 공유, 학습] 허용:" in said.out
    assert "뒤집을 수 있는 것: KBS·MBC·SBS 대 네이버" in said.out
    code, said = call(capsys, "laws", "kr-bill-22-kts", "--as-of", "2026-11-25", "--lang", "en")
    assert "in force: never (simulation)" in said.out
    assert "] simulated_permitted: " in said.out
    assert "] allowed: " not in said.out
    code, said = call(capsys, "laws", "kr-bill-22-kts", "--as-of", "2026-11-25", "--lang", "ko")
    assert "] 모의: 안대로라면 가능(근거 아님): " in said.out
    assert "허용" not in said.out
    code, said = call(capsys, "laws", "atlantis", "--json")
    assert code == 1
    assert json.loads(said.out)["error"]["code"] == "rights.regime.unknown"


SAID = {
    "ko": (
        "행 60; 기록 ",
        "페이지 60",
        "학습: 허용 ",
        "학습: 모의: 안에도 근거 없음 60",
    ),
    "en": ("rows 60; records ", "pages 60", "train: allowed ", "train: simulated_no_basis 60"),
}


@pytest.mark.parametrize("lang", SAID)
def test_a_scan_tells_its_counts_in_words(scanned, capsys, lang):
    archive, out = scanned.parent / "a.warc.gz", scanned.parent / "again"
    words = ("--regime", "eu-art4,kr-bill-22-kts", "--purpose", "commercial", "--out", out)
    code, said = call(capsys, "scan", archive, *words, "--lang", lang)
    assert code == 0
    assert all(text in said.out for text in SAID[lang])
    assert "{" not in said.out + said.err


def test_unknown_address_is_refused(scanned, capsys):
    code, said = call(capsys, "explain", scanned, "https://nobody.example/", "--json")
    assert code == 1
    assert json.loads(said.out)["error"]["code"] == "rights.url.unknown"


def test_every_option_is_told_in_both_languages():
    def leaves(command):
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                yield from leaves(inner)
        else:
            yield command

    for command in leaves(rights):
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.text.ko and parameter.text.en, (command.name, parameter.name)


EMPTY = ("a.warc", "a.tsv", "a.jsonl")


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("name", EMPTY)
def test_an_input_without_a_record_is_named(tmp_path, capsys, name, lang):
    (tmp_path / name).write_bytes(b"")
    words = ("--regime", "eu-art4", "--purpose", "commercial", "--out", tmp_path / "scan")
    code, said = call(capsys, "scan", tmp_path / name, *words, "--json")
    assert code == 0
    assert json.loads(said.out)["empty_inputs"] == [str(tmp_path / name)]
    code, said = call(capsys, "scan", tmp_path / name, *words, "--lang", lang)
    told = {"ko": f"{name}에는 기록이 하나도 없습니다", "en": f"{name} has no record at all"}
    assert code == 0
    assert told[lang] in said.out


def test_a_full_scan_names_no_input_as_empty(scanned):
    summary = json.loads((scanned / "summary.json").read_bytes())
    assert summary["empty_inputs"] == []
