"""One flipped byte anywhere in a scan's folder is found; an older folder says what it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest

from madang.rights import card, sample
from madang.rights.derive import OBSERVED
from madang.rights.errors import EvidenceAltered, ScanMissing, ScanOutdated
from madang.rights.facts import Act, Purpose
from madang.rights.rules import Profile
from madang.rights.scan import review, sums
from madang.rights.scan.audit import verify
from madang.rights.scan.explain import explain
from madang.rights.scan.recheck import recheck
from madang.rights.scan.run import Settings, Work, scan
from madang.rights.scan.tables import STAGE
from madang.rights.scan.writer import Writer

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
DAY = date(2026, 11, 25)
REGIME = "eu-art4"


def run(folder, path):
    wanted = Settings(
        inputs=(str(path),),
        regimes=(REGIME,),
        profile=Profile.DEFAULT,
        declared=replace(OBSERVED, purpose=Purpose.COMMERCIAL),
        as_of=DAY,
    )
    return scan(folder, wanted, now=NOW, work=Work(), tell=lambda *_: None)


def changed_mind(path):
    """New robots.txt of some hosts, and pages of theirs that are gone."""
    writer = Writer(path, compress=True)
    for host in range(6):
        site = f"https://{sample.host_name(host)}"
        refusal = b"User-agent: *\nDisallow: /\n"
        writer.response(
            f"{site}/robots.txt", NOW, 200, [("Content-Type", "text/plain")], refusal
        )
        writer.response(f"{site}/news/{host}.html", NOW, 410, [], b"gone")
    writer.close()
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with every kind of file that a scan and what follows it leaves."""
    there = tmp_path_factory.mktemp("whole")
    archive, folder = there / "a.warc.gz", there / "scan"
    sample.write(archive, sample.Plan(pages=60, hosts=12, page_bytes=2000))
    answers = changed_mind(there / "today.warc.gz")
    with archive.open("ab") as file:
        file.write(answers.read_bytes() + b"no record")
    run(folder, archive)
    recheck(folder, [str(answers)], as_of=DAY, now=NOW, tell=lambda *_: None)
    review.decide_group(
        folder,
        review.queue(folder, REGIME, Act.TRAIN)[0].id,
        regime=REGIME,
        act=Act.TRAIN,
        verdict="reserved",
        by="kim",
        reason="mail of the owner",
        all_hosts=False,
        now=NOW,
    )
    made = card.make(folder, REGIME, name="o/n", contact="a@e.example", now=NOW)
    card.write(made, folder)
    return archive, folder


def test_one_flipped_byte_in_any_file_is_found(whole):
    folder = whole[1]
    assert verify(folder, rebuild=True)["files"] > 20
    missed = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        for at in {0, len(content) // 2, len(content) - 1} if content else ():
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            try:
                verify(folder, rebuild=False)
            except (EvidenceAltered, ScanMissing):
                continue  # one of settings or summary that is no JSON is no scan
            missed.append((path.relative_to(folder), at))
        path.write_bytes(content)
    assert missed == []


def test_a_file_too_many_and_one_too_few_are_found(whole, tmp_path):
    folder = shutil.copytree(whole[1], tmp_path / "scan")
    more = folder / "stage" / "00007-00000.sites.parquet"
    shutil.copy(next(folder.glob("stage/*.sites.parquet")), more)
    with pytest.raises(EvidenceAltered, match=r"00007.*not in files\.sha256"):
        verify(folder, rebuild=False)
    more.unlink()
    (folder / "rechecks" / "0001" / "exclude.txt").unlink()
    with pytest.raises(EvidenceAltered, match=r"exclude\.txt, missing"):
        verify(folder, rebuild=False)


def test_a_folder_older_than_its_sums_still_fails_by_name(whole, tmp_path):
    folder = shutil.copytree(whole[1], tmp_path / "scan")
    for path in folder.rglob(sums.NAME):
        path.unlink()
    assert verify(folder, rebuild=True)["files"] == 0
    for name in ("journal.jsonl", "records/00000-00000-000.parquet", "vectors.parquet"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(EvidenceAltered):
            verify(folder, rebuild=True)
        (folder / name).write_bytes(content)


# --- older folders ---------------------------------------------------------------------


def older(folder, *columns):
    """The folder as a version would have left it that had no such columns."""
    for kind in STAGE:
        for path in folder.rglob(f"stage/*.{kind}.parquet"):
            table = pq.read_table(path)
            pq.write_table(
                table.drop_columns([c for c in columns if c in table.column_names]), path
            )
    for path in folder.rglob(sums.NAME):
        path.unlink()


OLDER = {"sum": ("sum",), "kind": ("kind",), "of_url": ("of_url", "of_us"), "place": ("place",)}


@pytest.mark.parametrize("name", OLDER)
def test_a_folder_of_an_older_version_says_what_it_lacks(name, whole, tmp_path):
    archive, whole_folder = whole
    folder = shutil.copytree(whole_folder, tmp_path / "scan")
    older(folder, *OLDER[name])
    lacking = OLDER[name][0]
    for step in (
        lambda: recheck(folder, [], as_of=DAY, now=NOW, tell=lambda *_: None),
        lambda: verify(folder, rebuild=True),
    ):
        with pytest.raises(ScanOutdated, match=lacking):
            step()
    (folder / "summary.json").unlink()
    with pytest.raises(ScanOutdated, match=lacking):
        run(folder, archive)


def test_verdicts_of_an_older_version_are_still_explained_and_their_evidence_verified(
    whole, tmp_path
):
    folder = shutil.copytree(whole[1], tmp_path / "scan")
    older(folder, "sum", "digest", "claim")
    url = pq.read_table(next(folder.glob("records/*.parquet")))["url"][0].as_py()
    assert explain(folder, url).clocks == explain(whole[1], url).clocks
    assert verify(folder, rebuild=False)["ok"]


def test_half_a_decision_is_named_by_its_line(whole, tmp_path):
    folder = shutil.copytree(whole[1], tmp_path / "scan")
    path = folder / "review" / "decisions.jsonl"
    path.write_text(path.read_text() + '{"by": "lee"')
    with pytest.raises(EvidenceAltered, match="line 2"):
        review.decisions(folder)


def test_a_recheck_without_its_summary_is_no_unfinished_one(whole, tmp_path):
    """What it found, refusals among that, would no longer count."""
    folder = tmp_path / "scan"
    shutil.copytree(whole[1], folder)
    (taken,) = folder.glob("rechecks/*/summary.json")
    summary = taken.read_bytes()
    taken.unlink()
    with pytest.raises(EvidenceAltered, match=r"summary\.json"):
        verify(folder, rebuild=False)
    taken.with_name("summary.json.new").write_bytes(summary)  # as a kill leaves it
    assert verify(folder, rebuild=False)["ok"]
