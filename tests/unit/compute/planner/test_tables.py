"""Tables that people bring: every format, and what is said about a bad one."""

from __future__ import annotations

import gzip
import json

import pytest

from madang.compute.planner import applications, site_file, traces
from madang.compute.planner.errors import (
    FileMissing,
    NothingToPlan,
    SiteMalformed,
    TableMalformed,
)

HEAD = "id,cards,gpu_hours,starts_on,ends_on,score\n"
SITE = '[site]\nname = "s"\nnode_cards = 8\n[[stage]]\nopens_on = 2026-03-01\nnodes = 4\n'
MURI = "job_id,num_gpu,submit_time,iterations,iteration_time,duration\n"
PAI = "plan_gpu,inst_num,submit_time,start_time,end_time\n"
SACCT = "JobIDRaw|Submit|Start|End|AllocTRES|TimelimitRaw\n"


def written(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# file name, text, line, field
BAD_APPLICATIONS = [
    ("a.csv", HEAD + ",8,1,2026-03-01,2026-03-31,\n", 2, "id"),
    ("a.csv", HEAD + "x,eight,1,2026-03-01,2026-03-31,\n", 2, "cards"),
    ("a.csv", HEAD + "x,0,1,2026-03-01,2026-03-31,\n", 2, "cards"),
    ("a.csv", HEAD + "x,1.5,1,2026-03-01,2026-03-31,\n", 2, "cards"),
    ("a.csv", HEAD + "x,8,-4,2026-03-01,2026-03-31,\n", 2, "gpu_hours"),
    ("a.csv", HEAD + "x,8,nan,2026-03-01,2026-03-31,\n", 2, "gpu_hours"),
    ("a.csv", HEAD + "x,8,1,2026-13-01,2026-03-31,\n", 2, "starts_on"),
    ("a.csv", HEAD + "x,8,1,2026-03-01,2026-02-01,\n", 2, "ends_on"),
    ("a.csv", HEAD + "x,1,9999,2026-03-01,2026-03-02,\n", 2, "gpu_hours"),
    ("a.csv", HEAD + "x,1,1,2026-03-01,2026-03-02,\n" * 2, 3, "id"),
    ("a.csv", HEAD + "x,1,1,2026-03-01,2026-03-02,best\n", 2, "score"),
    ("a.csv", HEAD + "x,8,1,2026-03-01,9999-12-31,\n", 2, "ends_on"),
    ("a.csv", HEAD + "x,8,1,0001-01-01,2026-03-31,\n", 2, "starts_on"),
    ("a.csv", HEAD + '"' + "x" * 200_000 + '",8\n', 2, ""),
    ("a.csv", HEAD + "x,8,1,2026-03-01,2026-03-31,1,000\n", 2, ""),
    ("a.csv", HEAD + "x\n", 2, "cards"),
    ("a.csv", "x,8,1,2026-03-01,2026-03-31,1\n", 1, "id"),
    (
        "a.csv",
        "id,cards,gpu_hours,gpu_months,starts_on,ends_on\nx,8,1,1,2026-03-01,2026-03-31\n",
        2,
        "gpu_months",
    ),
    ("a.csv", "\0\0\0", 0, ""),
    ("a.json", '[{"id": "x", "cards": 8, "gpu_months": []}]', 1, "gpu_months"),
    ("a.json", "1" * 5_000, 0, ""),
    ("a.json", "[" * 100_000, 0, ""),
    ("a.json", '{"applications": 3}', 0, "applications"),
    ("a.json", "[1, 2", 1, ""),
    ("a.toml", "application = 3", 0, "application"),
]


@pytest.mark.parametrize(("name", "text", "line", "field"), BAD_APPLICATIONS)
def test_a_bad_application_is_refused_with_its_line_and_field(
    tmp_path, name, text, line, field
):
    with pytest.raises(TableMalformed) as refused:
        applications.load(written(tmp_path, name, text))
    assert (refused.value.fields["line"], refused.value.fields["field"]) == (line, field)


ROW = "가-1,서울,8,100,2026-03-01,2026-03-31\n"
KOREAN_LIST = "id,region,cards,gpu_hours,starts_on,ends_on\n" + ROW


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_list_is_read_as_excel_saves_it(tmp_path, encoding, between, end):
    text = KOREAN_LIST.replace(",", between).replace("\n", end)
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    (found,) = applications.load(tmp_path / "a.csv")
    assert (found.id, found.region, found.cards, found.days) == ("가-1", "서울", 8, 31)


PETAFLOPS = "id,petaflops,cards,gpu_hours,starts_on,ends_on\n"


@pytest.mark.parametrize(
    ("asked", "teraflops", "cards"),
    [("20", 1000, 20), ("20", 989, 21), ("0.3", 100, 3), ("40", 312, 129), ("0.001", 989, 1)],
)
def test_petaflops_become_cards_by_what_the_site_declares(tmp_path, asked, teraflops, cards):
    path = written(tmp_path, "a.csv", PETAFLOPS + f"x,{asked},,,2026-03-01,2026-03-31\n")
    (found,) = applications.load(path, teraflops)
    assert (found.cards, found.card_hours) == (cards, cards * 31 * 24)
    path = written(tmp_path, "a.csv", PETAFLOPS + f"x,{asked},,5,2026-03-01,2026-03-31\n")
    assert applications.load(path, teraflops)[0].card_hours == 5


@pytest.mark.parametrize(
    ("row", "teraflops"),
    [("x,20,,", 0), ("x,20,8,", 989), ("x,0,,", 989), ("x,many,,", 989), ("x,1e6,,", 1)],
)
def test_petaflops_that_say_no_cards_are_refused(tmp_path, row, teraflops):
    path = written(tmp_path, "a.csv", PETAFLOPS + f"{row},2026-03-01,2026-03-31\n")
    with pytest.raises(TableMalformed) as refused:
        applications.load(path, teraflops)
    assert (refused.value.fields["line"], refused.value.fields["field"]) == (2, "petaflops")


@pytest.mark.parametrize("raw", [b"PK\x03\x04" + bytes(40), bytes(range(256)), b"\xff\xff\xff"])
def test_what_is_no_text_is_refused_with_what_to_do(tmp_path, raw):
    (tmp_path / "a.csv").write_bytes(raw)
    with pytest.raises(TableMalformed) as refused:
        applications.load(tmp_path / "a.csv")
    assert "save it as CSV (UTF-8)" in refused.value.sentence("en")
    assert "CSV(UTF-8)로 저장하십시오" in refused.value.sentence("ko")
    assert "line" not in refused.value.sentence("en")


def test_a_refusal_names_line_and_field_in_both_languages(tmp_path):
    path = written(tmp_path, "a.csv", HEAD + "x,8,1,2026/03/01,2026-03-31,\n")
    with pytest.raises(TableMalformed) as refused:
        applications.load(path)
    english, told = refused.value.sentence("en"), refused.value.sentence("ko")
    assert f"{path}, line 2, field starts_on: '2026/03/01' is not a day" in english
    assert told.startswith(f"{path} 파일 2번째 줄의 시작일 항목을 읽을 수 없습니다: ")
    assert "날짜(예: 2026-03-01)가 아닙니다" in told


def test_csv_toml_and_json_say_the_same(tmp_path):
    row = {"id": "x", "cards": 8, "gpu_months": 2, "starts_on": "2026-03-01"}
    row |= {"ends_on": "2026-05-31", "kind": "sme", "score": 81.5}
    csv = ",".join(row) + "\n" + ",".join(str(one) for one in row.values()) + "\n"
    toml = "[[application]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in row.items())
    texts = {"a.csv": csv, "a.toml": toml, "a.json": json.dumps([row])}
    found = [applications.load(written(tmp_path, *one)) for one in texts.items()]
    assert found[0] == found[1] == found[2]
    assert (found[0][0].card_hours, found[0][0].days) == (1460, 92)


def test_no_file_and_no_row_are_told_apart(tmp_path):
    with pytest.raises(FileMissing):
        applications.load(tmp_path / "none.csv")
    with pytest.raises(NothingToPlan):
        applications.load(written(tmp_path, "a.csv", HEAD))


@pytest.mark.parametrize(
    ("cards", "name"),
    [(1, "1"), (2, "2-4"), (8, "5-8"), (9, "9-16"), (64, "33-64"), (65, "65+")],
)
def test_size_classes(cards, name):
    assert applications.class_of(cards) == name


BAD_SITES = [
    ("not = [toml", ""),
    ("[site]\nnode_cards = 8\n", "stage"),
    ("site = 1", "site"),
    (SITE.replace("= 8", "= 0"), "node_cards"),
    (SITE.replace("= 8", "= true"), "node_cards"),
    (SITE.replace("nodes = 4", "nodes = 2.5"), "nodes"),
    (SITE.replace("2026-03-01", '"March"'), "opens_on"),
    (SITE + "[[stage]]\nopens_on = 2026-04-01\nnodes = 2\n", "stage.nodes"),
    (SITE + "[failure]\ndays_between = -1\n", "days_between"),
    (SITE + "[failure]\ndays_between = nan\n", "days_between"),
    (SITE + "[failure]\ndays_between = 1e-9\n", "days_between"),
    (SITE + "[failure]\ndays_between = 9\nrepair_hours = inf\n", "repair_hours"),
    (SITE + '[failure]\ncheckpoints = "no"\n', "checkpoints"),
    (SITE.replace("= 8", "= 8\nwon_per_card_month = inf"), "won_per_card_month"),
    (SITE.replace("= 8", "= 8\nwon_per_card_month = nan"), "won_per_card_month"),
    (SITE.replace("= 8", "= 8\nwon_per_card_month = 1.7"), "won_per_card_month"),
    (SITE.replace("= 8", "= 8\nwon_per_card_month = 1" + "0" * 400), "won_per_card_month"),
    ("a = " + "[" * 100_000, ""),
    (
        SITE + "[[maintenance]]\nfrom = 2026-03-05\nuntil = 2026-03-05\nnodes = 1\n",
        "maintenance.until",
    ),
    ("stage = 3\n" + SITE.split("[[stage]]", maxsplit=1)[0], "stage"),
]


@pytest.mark.parametrize(("text", "field"), BAD_SITES)
def test_a_bad_site_is_refused_with_its_field(tmp_path, text, field):
    with pytest.raises(SiteMalformed) as refused:
        site_file.load(written(tmp_path, "site.toml", text))
    assert refused.value.fields["field"] == field


UNKNOWN_KEYS = [
    ("stages = 1\n" + SITE, "stages", "stage"),
    (SITE.replace("[[stage]]", "won_per_month = 3\n[[stage]]"), "site.won_per_month",
     "won_per_card_month"),
    (SITE + "opens = 2026-03-01\n", "stage.opens", "opens_on"),
    (SITE + "[failures]\ndays_between = 9\n", "failures", "failure"),
    (SITE + "[failure]\nday_between = 9\n", "failure.day_between", "days_between"),
    (SITE + "[[maintenance]]\nfrom = 2026-03-05\nuntil = 2026-03-06\nnode = 1\n",
     "maintenance.node", "nodes"),
]  # fmt: skip


def test_a_refusal_without_a_line_names_the_field_apart_from_the_file(tmp_path):
    path = written(tmp_path, "s.toml", '[site]\nname = "s"\nnode_cards = 8\n')
    with pytest.raises(SiteMalformed) as refused:
        site_file.load(path)
    korean = refused.value.sentence("ko")
    assert korean.startswith(f"{path} 파일 stage 항목을 읽을 수 없습니다: ")
    assert refused.value.sentence("en").startswith(f"{path}, field stage: ")


def test_a_site_that_is_no_toml_is_refused_as_a_whole(tmp_path):
    path = written(tmp_path, "s.toml", SITE.replace("2026-03-01", "2026-02-30"))
    with pytest.raises(SiteMalformed) as refused:
        site_file.load(path)
    assert refused.value.sentence("en").startswith(f"{path}: ")
    assert refused.value.sentence("ko").startswith(f"{path} 파일을 읽을 수 없습니다: ")


@pytest.mark.parametrize(("text", "field", "nearest"), UNKNOWN_KEYS)
def test_a_key_that_a_site_does_not_have_is_refused_with_the_nearest_one(
    tmp_path, text, field, nearest
):
    """A misspelt price or failure rate would plan a site that costs nothing and never fails."""
    with pytest.raises(SiteMalformed) as refused:
        site_file.load(written(tmp_path, "site.toml", text))
    assert refused.value.fields["field"] == field
    assert refused.value.fields["reason"] == f"no such key; the nearest is {nearest}"


@pytest.mark.parametrize("name", ["Score", "scores", "scor", " score"])
def test_a_misspelt_score_is_refused_and_other_columns_are_left_alone(tmp_path, name):
    """Without it awards would go in the order of the file."""
    row = "x,8,1,2026-03-01,2026-03-31,9\n"
    head = HEAD.replace("score", name)
    with pytest.raises(TableMalformed) as refused:
        applications.load(written(tmp_path, "a.csv", head + row))
    assert refused.value.fields["field"] == name
    assert refused.value.fields["reason"] == "no such key; the nearest is score"
    extra = HEAD.strip() + ",contact,scored_by\n"
    found = applications.load(written(tmp_path, "b.csv", extra + row.strip() + ",a,b\n"))
    assert found[0].score == 9


GOOD_TRACES = [
    ("m.csv", MURI + "0,8,5000,100,2000,1\n1,1,9000,10,500,1\n", [8, 1], [200, 5], [-1, -1]),
    (
        "p.csv",
        "job,plan_gpu,inst_num,submit_time,start_time,end_time\na,150,2,10,15,40\nb,,1,1,1,1\n",
        [3],
        [25],
        [5],
    ),
    ("s.swf", "; MaxProcs: 64\n1 0 7 60 4 -1 -1 4 120 -1 1 1 1 1 1 -1 -1 -1\n", [4], [60], [7]),
    (
        "s.txt",
        SACCT
        + "7|100|130|190|cpu=4,gres/gpu=4,gres/gpu:h100=4|2\n"
        + "7|400|410|430|cpu=4,gres/gpu=4,gres/gpu:h100=4|2\n"
        + "8|100|Unknown|Unknown||2\n",
        [4, 4],
        [60, 20],
        [30, 10],
    ),
    (
        "p.json",
        json.dumps(
            [
                {
                    "submitted_time": "2017-10-09 07:00:00",
                    "attempts": [
                        {
                            "start_time": "2017-10-09 07:01:00",
                            "end_time": "2017-10-09 07:03:00",
                            "detail": [{"ip": "m1", "gpus": ["gpu0", "gpu1"]}],
                        }
                    ],
                },
                {"submitted_time": "None", "attempts": []},
            ]
        ),
        [2],
        [120],
        [60],
    ),
]


GOOD_TRACES += [
    ("p.csv", '"plan_gpu","start_time","end_time"\n100,10,15\n', [1], [5], [-1]),
    ("p.csv", "\r\n" + PAI.strip() + "\r\n\r\n100,,,10,15\r\n", [1], [5], [-1]),
    ("s.txt", SACCT + "7|0|0|9|gres/gpu:a100=2,gres/gpu:h100=3|\n", [5], [9], [0]),
    ("s.txt", SACCT + "7|0|0|9|gres/gpu:h100-80gb=2|\n", [2], [9], [0]),
    (
        "s.txt",
        SACCT + "7|0|0|9|gres/gpu=2|\n7.batch|0|0|9|gres/gpu=2|\n7.0|0|1|9|gres/gpu=2|\n",
        [2],
        [9],
        [0],
    ),
    (
        "s.txt",
        SACCT + "7|2026-01-01T09:00:00+09:00|2026-01-01T00:01:00|1767225720|gres/gpu=2|\n",
        [2],
        [60],
        [60],
    ),
]


@pytest.mark.parametrize(("name", "text", "cards", "run_s", "wait_s"), GOOD_TRACES)
def test_every_format_of_jobs_is_read(tmp_path, name, text, cards, run_s, wait_s):
    found = traces.load(written(tmp_path, name, text))
    assert found.cards.tolist() == cards
    assert found.run_s.tolist() == run_s
    assert found.wait_s.tolist() == wait_s


BAD_TRACES = [
    ("a,b\n1,2\n", 1, ""),
    (MURI + "0,8,x,100,2000,1\n", 2, "submit_time"),
    (MURI + "0,inf,1,100,2000,1\n", 2, "num_gpu"),
    ("; c\n1 0 7 60\n", 2, ""),
    ("; c\n1 0 x 60 4 -1 -1 4 120 -1 1\n", 2, ""),
    ("JobIDRaw|Submit|Start|End\n1|2|3|4\n", 2, "AllocTRES"),
    (SACCT + "7|yesterday|130|190|gres/gpu=4|2\n", 2, "Submit"),
    ("[{]", 1, ""),
    (PAI + "150,x,10,15,40\n", 2, "inst_num"),
    (PAI + "150,nan,10,15,40\n", 2, "inst_num"),
    (PAI + "\n150,1,10,15,40\n\n150,x,10,15,40\n", 5, "inst_num"),
    ("\n\n" + PAI + "150,x,10,15,40\n", 4, "inst_num"),
    (PAI + "150,2,soon,15,40\n", 2, "submit_time"),
    (PAI + "150,2,inf,15,40\n", 2, "submit_time"),
    (PAI + "1e300,2,10,15,40\n", 2, "cards"),
    (PAI + "150,2,10,15,1e300\n", 2, "run time"),
    (PAI + '"' + "x" * 200_000 + '"\n', 2, ""),
    (MURI + "0,8,5000,1e300,2000,1\n", 2, "run time"),
    ("; c\n1 nan 7 60 4 -1 -1 4 120 -1 1\n", 2, ""),
    ("; c\n1 0 7 60 inf -1 -1 4 120 -1 1\n", 2, ""),
    ("; c\n1 0 7 1e300 4 -1 -1 4 120 -1 1\n", 2, "run time"),
    ("; c\n1 0 7 60 4 -1 -1 4 nan -1 1\n", 2, ""),
    (SACCT + "7|\u00b2|130|190|gres/gpu=4|2\n", 2, "Submit"),
    (SACCT + "7|1|2|3|gres/gpu=" + "9" * 24 + "|2\n", 2, "cards"),
    (SACCT + "7|" + "9" * 400 + "|130|190|gres/gpu=4|2\n", 2, "submit"),
    ("[1]", 1, "attempts"),
    ("[null]", 1, "attempts"),
    ('[{"submitted_time": "2017-10-09", "attempts": 5}]', 1, "attempts"),
    ('[{"submitted_time": "2017-10-09", "attempts": [{"end_time": "5"}]}]', 1, "attempts"),
    ("[" * 100_000, 1, ""),
]


@pytest.mark.parametrize(("text", "line", "field"), BAD_TRACES)
def test_a_bad_job_table_is_refused_with_its_line(tmp_path, text, line, field):
    with pytest.raises(TableMalformed) as refused:
        traces.load(written(tmp_path, "t.csv", text))
    assert (refused.value.fields["line"], refused.value.fields["field"]) == (line, field)


def test_a_packed_table_that_is_hurt_is_refused(tmp_path):
    packed, path = gzip.compress((PAI + "150,2,10,15,40\n" * 9).encode()), tmp_path / "p.csv.gz"
    path.write_bytes(packed)
    assert len(traces.load(path)) == 9
    for hurt in (packed[:20], packed[:12] + b"\xff\xff\xff" + packed[15:], b"no gzip"):
        path.write_bytes(hurt)
        with pytest.raises(TableMalformed):
            traces.load(path)


def test_a_time_limit_in_minutes_becomes_seconds(tmp_path):
    found = traces.load(written(tmp_path, "s.txt", SACCT + "7|1|1|61|gres/gpu:h100=4|2\n"))
    assert found.limit_s.tolist() == [120]
