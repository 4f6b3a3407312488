"""What follows a scan: recheck, explanation, review, card, audit."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from madang.rights import card, sample
from madang.rights.derive import OBSERVED, declaration_from
from madang.rights.errors import (
    EvidenceAltered,
    FactsMalformed,
    RegimeNotScanned,
    ReviewGroupUnknown,
    ReviewRefused,
    ScanMissing,
    UrlUnknown,
)
from madang.rights.facts import Access, Act, Actor, Purpose
from madang.rights.rules import Profile
from madang.rights.scan import review
from madang.rights.scan.audit import verify
from madang.rights.scan.explain import explain, lines
from madang.rights.scan.recheck import recheck
from madang.rights.scan.run import Settings, Work, scan
from madang.rights.scan.writer import Writer

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
DAY = date(2026, 11, 25)
REGIMES = ("kr-current", "eu-art4")  # not in the order of the alphabet: a rebuild must not mind


def run(folder: Path, *inputs: Path):
    wanted = Settings(
        inputs=tuple(map(str, inputs)),
        regimes=REGIMES,
        profile=Profile.DEFAULT,
        declared=replace(OBSERVED, purpose=Purpose.COMMERCIAL),
        as_of=DAY,
    )
    return scan(folder, wanted, now=NOW, work=Work(), tell=lambda *_: None)


def again(folder: Path, *inputs: Path):
    places = [str(path) for path in inputs]
    return recheck(folder, places, as_of=DAY, now=NOW, tell=lambda *_: None)


def rows(folder: Path, name: str = "records"):
    return [
        r
        for p in sorted((folder / name).glob("*.parquet"))
        for r in pq.read_table(p).to_pylist()
    ]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "sample.warc.gz"
    sample.write(path, sample.Plan(pages=120, hosts=24, page_bytes=3000))
    return path


@pytest.fixture
def scanned(archive, tmp_path):
    run(tmp_path / "scan", archive)
    return tmp_path / "scan"


def site_file(path: Path, host: int, content: bytes, at: datetime = NOW) -> Path:
    """A new answer of one host's robots.txt."""
    writer = Writer(path, compress=True)
    url = f"https://{sample.host_name(host)}/robots.txt"
    writer.response(url, at, 200, [("Content-Type", "text/plain")], content)
    writer.close()
    return path


REFUSAL = b"User-agent: *\nDisallow: /\n"
SILENT = 0  # the sample's first host says nothing


def test_recheck_excludes_what_a_site_took_back_and_overwrites_nothing(scanned, tmp_path):
    before = {p: p.read_bytes() for p in scanned.rglob("*") if p.is_file()}
    summary = again(scanned, site_file(tmp_path / "new.warc.gz", SILENT, REFUSAL))
    assert {p: p.read_bytes() for p in before} == before
    host = sample.host_name(SILENT)
    pages = [r["url"] for r in rows(scanned) if host in r["url"]]
    excluded = (scanned / "rechecks/0001/exclude.txt").read_text().splitlines()
    assert sorted(excluded) == sorted(pages)
    assert summary["rows_touched"] == len(pages) == summary["excluded"]
    changed = rows(scanned / "rechecks/0001", "changed")
    # allowed at the crawl, refused now: the clocks differ, a person decides
    assert {r["eu-art4.train"] for r in changed} == {"needs_review"}
    assert {r["eu-art4.train.now"] for r in changed} == {"reserved"}
    assert {r["eu-art4.train.before"] for r in changed} == {"allowed"}


def test_recheck_equals_a_full_run_over_old_and_new_observations(archive, scanned, tmp_path):
    new = site_file(tmp_path / "new.warc.gz", SILENT, REFUSAL)
    again(scanned, new)
    run(tmp_path / "full", archive, new)
    changed = {r["url"]: r for r in rows(scanned / "rechecks/0001", "changed")}
    columns = [
        f"{regime}.{act}{clock}"
        for regime in REGIMES
        for act in Act
        for clock in ("", ".crawl", ".now")
    ]
    for full in rows(tmp_path / "full"):
        old = next(r for r in rows(scanned) if r["url"] == full["url"])
        mine = changed.get(full["url"], old)
        assert [mine[c] for c in columns] == [full[c] for c in columns]


def test_second_recheck_stands_on_the_first(scanned, tmp_path):
    first = again(scanned, site_file(tmp_path / "a.warc.gz", SILENT, REFUSAL))
    later = site_file(tmp_path / "b.warc.gz", 1, REFUSAL, NOW + timedelta(hours=1))
    second = again(scanned, later)
    assert second["sites_touched"] == 2
    assert second["evidence_root"] != first["evidence_root"]
    assert second["vectors_new"] == 0  # the same refusal is the same vector


def test_recheck_without_news_changes_nothing(scanned):
    assert again(scanned)["rows_changed"] == 0


def test_explanation_tells_bytes_rule_readings_and_clocks_in_both_languages(scanned):
    url = next(
        r["url"]
        for r in rows(scanned)
        if (r["eu-art4.train"] == "needs_review" and "robots/named" in str(r["signals"]))
        or r["url"].endswith("/news/9.html")
    )
    found = explain(scanned, url)
    korean, english = "\n".join(lines(found, "ko")), "\n".join(lines(found, "en"))
    assert "검토 필요" in korean
    assert "Amsterdam RBAMS:2024:6563" in english
    assert "robots.txt 200" in english
    assert "not legal advice" in english
    document = json.loads(json.dumps(found.as_dict()))
    assert set(document["clocks"]) == {"as_of_crawl", "as_of_now"}
    train = document["clocks"]["as_of_now"]["verdicts"]["eu-art4"]["train"]
    assert train["verdict"] == document["release"]["eu-art4"]["train"] == "needs_review"


def test_explanation_quotes_the_element_that_spoke(scanned):
    row = next(r for r in rows(scanned) if "noai/page@html=no" in r["signals"])
    found = explain(scanned, row["url"])
    assert ["noai/page@html", "no", "index, noai"] in [e[:3] for e in found.elements]


def test_explanation_of_an_unknown_address_is_refused(scanned):
    with pytest.raises(UrlUnknown):
        explain(scanned, "https://nobody.example/")
    with pytest.raises(ScanMissing):
        explain(scanned / "stage", "https://nobody.example/")


def decide_first(folder: Path, **changes):
    group = review.queue(folder, "eu-art4", Act.TRAIN)[0]
    given = {
        "regime": "eu-art4",
        "act": Act.TRAIN,
        "verdict": "reserved",
        "by": "lee",
        "reason": "asked the owner",
        "all_hosts": False,
        "now": NOW,
        **changes,
    }
    return group, review.decide_group(folder, group.id, **given)


def test_one_decision_settles_all_like_records(scanned):
    waiting = review.release(scanned, "eu-art4", Act.TRAIN)["verdicts"]["needs_review"]
    group, _ = decide_first(scanned)
    after = review.release(scanned, "eu-art4", Act.TRAIN)["verdicts"]
    assert after["needs_review"] == waiting - group.count
    assert group.id not in {g.id for g in review.queue(scanned, "eu-art4", Act.TRAIN)}
    assert sum(after.values()) == 120


def test_decision_on_a_vector_for_every_host_reaches_every_host(scanned):
    decide_first(scanned, all_hosts=True)
    settled = review.decisions(scanned)[0]
    assert settled.origin == review.ANY_HOST
    assert settled.by == "lee"


def test_decision_is_remembered_by_a_later_scan_once_with_its_person_and_date(
    archive, scanned, tmp_path
):
    group, decision = decide_first(scanned)
    run(tmp_path / "later", archive)
    taken = review.adopt(tmp_path / "later", scanned)
    assert [(d.by, d.at, d.reason) for d in taken] == [("lee", decision.at, "asked the owner")]
    assert review.adopt(tmp_path / "later", scanned) == []
    assert group.id not in {
        g.id for g in review.queue(tmp_path / "later", "eu-art4", Act.TRAIN)
    }


DECISIONS_REFUSED = [
    ({"by": " "}, ReviewRefused),
    ({"reason": ""}, ReviewRefused),
    ({"verdict": "needs_review"}, ReviewRefused),
    ({"verdict": "simulated_permitted"}, ReviewRefused),
    ({"verdict": "yes"}, ReviewRefused),
]


@pytest.mark.parametrize(("changes", "refusal"), DECISIONS_REFUSED)
def test_decision_without_person_reason_or_sense_is_refused(scanned, changes, refusal):
    with pytest.raises(refusal):
        decide_first(scanned, **changes)
    assert review.decisions(scanned) == []


def test_decision_on_an_unknown_group_is_refused(scanned):
    with pytest.raises(ReviewGroupUnknown):
        review.decide_group(
            scanned,
            "nope",
            regime="eu-art4",
            act=Act.TRAIN,
            verdict="reserved",
            by="lee",
            reason="r",
            all_hosts=False,
            now=NOW,
        )
    with pytest.raises(RegimeNotScanned):
        review.queue(scanned, "uk-29a", Act.TRAIN)


def test_changed_decision_breaks_the_chain(scanned):
    decide_first(scanned)
    path = scanned / "review/decisions.jsonl"
    path.write_text(path.read_text().replace("asked the owner", "asked nobody"))
    with pytest.raises(EvidenceAltered):
        review.decisions(scanned)


def test_card_counts_read_back_equal_the_tables_and_speak_both_languages(scanned):
    made = card.make(scanned, "kr-current", name="org/x", contact="a@b.example", now=NOW)
    written = {path.name: path for path in card.write(made, scanned)}
    croissant = json.loads(written["croissant.json"].read_text())
    counts = card.counts_of(croissant)
    for act in Act:
        column = f"kr-current.{act}"
        values = [r[column] for r in rows(scanned)]
        assert counts[act.value] == {v: values.count(v) for v in set(values)}
    korean, english = written["card.ko.md"].read_text(), written["card.en.md"].read_text()
    assert "면책 조항이 시행되고 있지 않으며" in korean
    assert "exemption is in force in Korea" in english
    for text in (korean, english):
        assert made.evidence_root in text
        assert made.rules_sha in text
        assert "a@b.example" in text
    assert croissant["conformsTo"].endswith("/1.1")


READ_BY_ANOTHER = """
import json, sys, mlcroissant
read = mlcroissant.Dataset(jsonld=json.load(open(sys.argv[1]))).metadata
said = {"errors": sorted(map(str, read.ctx.issues.errors)), "again": read.to_json()}
print(json.dumps(said, default=str))
"""


def test_somebody_elses_validator_reads_the_card_and_writes_the_same_counts(scanned):
    """In a process of its own: its libraries warn, and warnings are errors here."""
    made = card.make(scanned, "eu-art4", name="org/x", contact="a@b.example", now=NOW)
    written = {path.name: path for path in card.write(made, scanned)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ_BY_ANOTHER, str(written["croissant.json"])],
        check=True,
        capture_output=True,
        text=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["errors"] == []
    assert said["again"]["name"] == "org/x"
    assert card.counts_of(said["again"]) == {a: dict(r) for a, r in made.counts.items()}


def test_a_page_that_knows_no_law_finds_all_to_show_in_both_languages(scanned):
    made = card.make(scanned, "kr-current", name="org/x", contact="a@b.example", now=NOW)
    written = {path.name: path for path in card.write(made, scanned)}
    views = json.loads(written["card.json"].read_text())["view"]
    for language, act in (("ko", "학습"), ("en", "train")):
        view = views[language]
        assert [len(row) for row in view["rows"]] == [len(view["head"])] * len(Act)
        said = sum(int(value) for row in view["rows"] for value in row[1:])
        assert said == len(Act) * len(rows(scanned))
        assert made.evidence_root in str(view["proofs"])
        assert act in str(view["rows"])


def test_card_after_a_decision_counts_the_decision(scanned):
    group, _ = decide_first(scanned)
    before = card.make(scanned, "eu-art4", name="x", contact="c", now=NOW).counts["train"]
    assert before["reserved"] >= group.count


def test_audit_rebuilds_every_table_bit_for_bit_and_finds_a_forged_row(scanned):
    found = verify(scanned, rebuild=True)
    assert found["rows"] == 120
    assert found["rebuilt"] >= 4
    path = next((scanned / "records").glob("*.parquet"))
    table = pq.read_table(path)
    column = table.schema.get_field_index("eu-art4.train")
    forged = table.set_column(column, "eu-art4.train", table["eu-art4.share_dataset"])
    pq.write_table(forged, path)
    with pytest.raises(EvidenceAltered):
        verify(scanned, rebuild=True)


def test_declaration_needs_its_person_and_sets_human_facts(tmp_path):
    path = tmp_path / "d.toml"
    path.write_text('signed_by = "kim"\ndate = 2026-11-01\n[facts]\nactor = "research_org"\n')
    facts = declaration_from(path)
    assert facts.actor is Actor.RESEARCH_ORG
    assert facts.access is Access.OPEN
    path.write_text('[facts]\nactor = "research_org"\n')
    with pytest.raises(FactsMalformed):
        declaration_from(path)


def test_a_group_that_waits_since_both_clocks_differ_says_so_and_asks(scanned, tmp_path):
    url = next(r["url"] for r in rows(scanned) if r["eu-art4.train"] == "allowed")
    host = next(n for n in range(24) if sample.host_name(n) in url)
    again(scanned, site_file(tmp_path / "now.warc.gz", host, b"User-agent: *\nDisallow: /\n"))
    groups = review.queue(scanned, "eu-art4", Act.TRAIN)
    assert all(group.question and group.question_ko for group in groups)
    assert "CLOCKS_DIFFER" in next(
        g.reasons for g in groups if sample.host_name(host) in g.origin
    )
