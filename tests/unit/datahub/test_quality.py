"""The quality check over small folders: each target met, and each one missed."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from PIL import Image

from madang.cli.walk.samples import samples_in
from madang.datahub.errors import CheckImpossible, TargetsMalformed
from madang.datahub.quality.measures import alpha_permille
from madang.datahub.quality.personal import judged
from madang.datahub.quality.report import check
from madang.datahub.quality.targets import targets_from
from madang.datahub.terms.steps import volume_of

ROWS = "id,text,label\n1,하늘이 맑고 바람이 분다,a\n2,바다가 넓고 물결이 잔잔하다,b\n"


class Folder:
    def __init__(self, files: dict[str, bytes | str]) -> None:
        self._files = {
            name: data.encode() if isinstance(data, str) else data
            for name, data in files.items()
        }

    def names(self):
        return self._files

    def read(self, path):
        return self._files[path]


def png() -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").save(out, "PNG")
    return out.getvalue()


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))
    return out.getvalue()


PAIRS = "id,a,b\n1,x,x\n2,y,y\n3,x,x\n4,y,x\n"
LONG = "이 문장은 거의 같은 문장이 두 번 나오는지 살피려고 일부러 길게 쓴 문장입니다"
CASES = [
    # section, files, result, is it met
    ('[schema]\nfiles="*.csv"\ncolumns={id="integer",text="text"}', {"a.csv": ROWS}, 0, True),
    (
        '[schema]\nfiles="*.csv"\ncolumns={id="integer"}',
        {"a.csv": ROWS + "x,y,a\n"},
        1,
        False,
    ),
    ('[completeness]\nfiles="*.csv"\npromised=2', {"a.csv": ROWS}, 2, True),
    ('[completeness]\nfiles="*.csv"\npromised=1000', {"a.csv": ROWS}, 2, False),
    ('[completeness]\nfiles="*.csv"\npromised=2\nunit="files"', {"a.csv": ROWS}, 1, False),
    ('[uniqueness]\nfiles="*.csv"\ncolumns=["id"]', {"a.csv": ROWS}, 0, True),
    ('[uniqueness]\nfiles="*.csv"\ncolumns=["id"]', {"a.csv": ROWS, "b.csv": ROWS}, 2, False),
    (
        '[balance]\nfiles="*.csv"\ncolumn="label"\nentropy_permille_min=900',
        {"a.csv": ROWS},
        1000,
        True,
    ),
    (
        '[balance]\nfiles="*.csv"\ncolumn="label"\nentropy_permille_min=900',
        {"a.csv": "label\n" + "a\n" * 9 + "b\n"},
        469,
        False,
    ),
    (
        '[agreement]\nfiles="*.csv"\ncolumns=["a","b"]\nalpha_permille_min=800',
        {"a.csv": PAIRS},
        533,
        False,
    ),
    (
        '[near_duplicates]\nfiles="*.csv"\ncolumn="text"\npermille_max=0',
        {"a.csv": f"text\n{LONG}\n{LONG}.\n아주 다른 이야기를 하는 글\n"},
        334,
        False,
    ),
    ('[near_duplicates]\nfiles="*.csv"\ncolumn="text"', {"a.csv": ROWS}, 0, True),
    (
        '[leakage]\nsplits={train="train.csv",test="test.csv"}\ncolumn="text"',
        {"train.csv": ROWS, "test.csv": "text\n하늘이 맑고 바람이 분다\n새 문장\n"},
        1,
        False,
    ),
    (
        '[leakage]\nsplits={train="train.csv",test="test.csv"}\ncolumn="text"',
        {"train.csv": ROWS, "test.csv": "text\n새 문장\n"},
        0,
        True,
    ),
    ('[media]\nfiles="**/*"', {"i/a.png": png(), "b.wav": sound()}, 0, True),
    ('[media]\nfiles="*"', {"a.png": png()[:-400], "b.wav": sound()[:-9]}, 2, False),
    ('[personal]\nfiles="*.csv"', {"a.csv": ROWS}, 0, True),
    ('[personal]\nfiles="*.csv"', {"a.csv": "t\n전화 010-1234-5678 입니다\n"}, 1, False),
]


@pytest.mark.parametrize(("section", "files", "result", "is_met"), CASES)
def test_target_is_measured_and_judged(section, files, result, is_met):
    report = check(Folder(files), targets_from(section), digest="d")
    (finding,) = report.findings
    assert (finding.result, finding.is_met) == (result, is_met)
    assert report.is_passed is is_met


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_tables_are_read_in_each_encoding(encoding):
    files = Folder({"a.csv": ROWS.encode(encoding)})
    section = '[schema]\nfiles="*.csv"\ncolumns={id="integer",text="text"}'
    assert check(files, targets_from(section), digest="d").is_passed


def test_same_files_and_targets_give_the_same_report():
    text = '[personal]\nfiles="*"\n[near_duplicates]\nfiles="*"\ncolumn="text"\n'
    one, two = (
        check(Folder(files), targets_from(text), digest="d")
        for files in ({"a.csv": ROWS, "b.csv": ROWS}, {"b.csv": ROWS, "a.csv": ROWS})
    )
    assert one.report_digest == two.report_digest
    other = check(Folder({"a.csv": ROWS}), targets_from(text), digest="d")
    assert other.report_digest != one.report_digest


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("900101-1234568", [("resident", 1000)]),
        ("9001011234568", [("resident", 1000)]),
        (
            "주민번호900101-1234567끝",
            [("resident", 500)],
        ),  # given out since 2020: no check digit
        ("991332-1234567", []),  # no such day
        ("010229-3234567", []),  # 2001 had no 29 February
        ("000229-3234567", [("resident", 500)]),
        ("1900101-1234568", []),  # a longer number
        ("010-1234-5678", [("phone", 1000)]),
        ("01012345678", [("phone", 1000)]),
        ("02-123-4567", []),
        ("124-81-00998", [("business", 1000)]),
        ("124-81-00999", []),
        ("12-34-567890-12", [("licence", 1000)]),
        ("M123A4567", [("passport", 1000)]),
        ("12가 3456", [("plate", 1000)]),
        ("kim@hana.example", [("email", 1000)]),
        ("2026-03-02T10:00:00", []),
        ("가격은 1,234,567원", []),
    ],
)
def test_numbers_of_people_are_told_with_their_score(text, found):
    assert list(judged(text)) == found


def test_value_of_a_hit_is_written_nowhere():
    files = Folder({"a.csv": "t\n900101-1234568\n"})
    report = check(files, targets_from('[personal]\nfiles="*"'), digest="d")
    assert "900101" not in str(report.as_data())
    (hit,) = report.findings[0].detail["hits"]
    assert (hit["row"], hit["column"], hit["kind"]) == (1, "t", "resident")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no section"),
        ("[personnel]\n", "unknown field"),
        ('[balance]\nfiles="*"\ncolumn="a"\nentropy_permille_min=1001', "1000"),
        ("x = ", "value"),
    ],
)
def test_targets_that_cannot_be_read_are_refused(text, part):
    with pytest.raises(TargetsMalformed) as caught:
        targets_from(text)
    assert part in str(caught.value.fields["reason"])


@pytest.mark.parametrize(
    "files",
    [
        {"a.txt": "x"},
        {"a.parquet": b"PAR1"},
        {"a.csv": b"\xff\xff\x80"},
        {"a.csv": "other\n1\n"},
    ],
)
def test_files_that_cannot_be_measured_are_refused(files):
    with pytest.raises(CheckImpossible):
        check(
            Folder(files), targets_from('[uniqueness]\nfiles="*"\ncolumns=["id"]'), digest="d"
        )


def test_agreement_is_full_without_any_difference_and_nothing_without_rows():
    assert alpha_permille([["a", "a"], ["b", "b"]]) == 1000
    assert alpha_permille([]) == 0


DEMO = Path(__file__).parents[3] / "demo"


@pytest.mark.parametrize("sample", samples_in(DEMO), ids=lambda one: one.name)
def test_each_data_set_of_the_demonstration_meets_its_targets(sample):
    targets = targets_from(sample.targets)
    report = check(Folder(sample.files), targets, digest="d")
    assert [(one.code, one.result) for one in report.findings if not one.is_met] == []
    assert len(report.findings) == 5
    assert "LICENSE" in sample.files
    assert volume_of(targets).promised == sample.volume
