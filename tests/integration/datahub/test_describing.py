"""What a set is, told in the formats of others, and its rows and columns."""

from __future__ import annotations

import io
import json

import polars as pl
import pytest
from django.test import Client

from madang.datahub.catalogue.card import card_from
from madang.datahub.catalogue.changes import changes_between
from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.ingest.converting import convert
from madang.datahub.models import Access, VersionFacts
from madang.datahub.sets.actions import create_data_set
from madang.datahub.versions.actions import seal_version

pytestmark = pytest.mark.django_db
CARD = """---
license: kogl-1
language: [ko, en]
tags: [음성, 사투리]
creators: [하나연구소]
rai:
  dataCollection: 전화 녹음
  dataBiases: 서울말이 많음
  notATerm: x
---
# 사투리 음성

경상도와 전라도의 전화 음성을 모았습니다.
Telephone speech in two dialects.
"""
CSV = "글,n,t\n가,1,2020-01-01\n나,2,2020-01-02\n가,,2020-01-03\n"
FRAME = pl.DataFrame({"글": [f"줄 {n}" for n in range(500)], "n": range(500)})


def parquet() -> bytes:
    out = io.BytesIO()
    FRAME.write_parquet(out, row_group_size=100)
    return out.getvalue()


FILES = {
    "README.md": CARD.encode(),
    "train.csv": CSV.encode(),
    "cp949.csv": CSV.encode("cp949"),
    "utf16.csv": CSV.encode("utf-16"),
    "big.parquet": parquet(),
    "lines.jsonl": b'{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n',
    "broken.parquet": b"PAR1 no",
}


def put(builder, data_set, files, at):
    puts = []
    for path, data in files.items():
        row = take_in(data_set, [data], Announced(len(data)), at=at)
        puts.append((path, bytes(row.sha256)))
    return commit(builder, data_set, Change(puts=puts), at=at)


@pytest.fixture
def made(builder, data_set, at):
    data_set.is_private, data_set.field = False, "speech-language"
    data_set.licence, data_set.name_ko, data_set.name_en = "KOGL-1", "사투리 음성", "Dialects"
    data_set.save()
    return put(builder, data_set, FILES, at)


@pytest.fixture
def sealed(builder, data_set, made, at):
    return seal_version(builder, data_set, made, number="1.0", at=at)


def ask(path: str, status: int = 200) -> dict:
    answer = Client().get(path)
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


API = "/api/datasets/hana/first"


@pytest.mark.parametrize("path", ["train.csv", "cp949.csv", "utf16.csv"])
def test_rows_come_in_whatever_encoding_the_text_is(made, path):
    found = ask(f"{API}/rows?path={path}")
    assert [one["name"] for one in found["columns"]] == ["글", "n", "t"]
    assert [one["kind"] for one in found["columns"]] == ["text", "integer", "date"]
    assert found["rows"] == [
        ["가", 1, "2020-01-01"], ["나", 2, "2020-01-02"], ["가", None, "2020-01-03"]
    ]  # fmt: skip
    assert found["whole"] is True


@pytest.mark.parametrize(("offset", "length"), [(0, 3), (98, 4), (499, 10), (600, 10)])
def test_rows_of_parquet_come_from_anywhere(made, offset, length):
    found = ask(f"{API}/rows?path=big.parquet&offset={offset}&length={length}")
    expected = FRAME.slice(offset, length).rows()
    assert found["rows"] == [list(row) for row in expected]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("path=none.csv", 404, "EntryNotFound"),
        ("path=README.md&offset=x", 400, "datahub.body.malformed"),
        ("path=broken.parquet", 422, "datahub.preview.impossible"),
    ],
)
def test_rows_that_cannot_be_shown_are_refused(made, query, status, code):
    assert ask(f"{API}/rows?{query}", status)["code"] == code


def test_columns_are_counted_once_for_a_sealed_version_and_never_for_a_draft(made, data_set):
    ask(f"{API}/statistics", 404)


def test_statistics_say_what_each_column_holds(sealed):
    found = ask(f"{API}/statistics")
    assert VersionFacts.objects.count() == 1
    tables = {one["path"]: one for one in found["tables"]}
    text, number, day = tables["train.csv"]["columns"]
    assert (text["distinct"], text["top"]) == (2, [["가", 2], ["나", 1]])
    assert (number["nulls"], number["min"], number["max"], number["mean"]) == (1, 1, 2, 1.5)
    assert (day["min"], day["max"]) == ("2020-01-01", "2020-01-03")
    assert tables["big.parquet"]["rows"] == 500
    assert "unreadable" in tables["broken.parquet"]
    VersionFacts.objects.update(body={**found, "kinds": {"kept": 1}})
    assert ask(f"{API}/statistics")["kinds"] == {"kept": 1}, "it is not computed again"


def test_rows_and_statistics_of_a_gated_set_need_the_right(sealed, data_set):
    data_set.access = Access.GATED
    data_set.save()
    assert ask(f"{API}/rows?path=train.csv", 403)["code"] == "datahub.access.needed"
    assert ask(f"{API}/statistics", 403)["code"] == "datahub.access.needed"
    assert ask(f"{API}/croissant")["conditionsOfAccess"] == "gated"


def test_croissant_tells_licence_rai_files_and_records(sealed, made):
    found = ask(f"{API}/croissant")
    assert found["version"] == "1.0"
    assert found["license"].startswith("https://www.kogl.or.kr/")
    assert found["rai:dataCollection"] == "전화 녹음"
    assert "rai:notATerm" not in found
    files = {one["name"]: one for one in found["distribution"]}
    assert set(files) == set(FILES)
    assert files["train.csv"]["contentUrl"].endswith(f"/resolve/{made.id}/train.csv")
    names = {one["name"] for one in found["recordSet"]}
    assert names == {"train.csv", "cp949.csv", "utf16.csv", "big.parquet", "lines.jsonl"}


def test_citation_names_makers_year_version_and_an_address_that_stays(sealed):
    found = ask(f"{API}/citation")
    assert found["text"].startswith("하나연구소 (2026). 사투리 음성 (v1.0)")
    assert found["identifier"].endswith(f"/data/id/{sealed.id}")
    assert "version = {1.0}" in found["bibtex"]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_catalogue_is_dcat_that_parses_back_to_the_same_facts(sealed, made):
    import rdflib

    answer = Client().get("/api/data/catalogue.jsonld")
    graph = rdflib.Graph().parse(data=answer.content, format="json-ld")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    dct = rdflib.Namespace("http://purl.org/dc/terms/")
    spdx = rdflib.Namespace("http://spdx.org/rdf/terms#")
    (one,) = graph.subjects(rdflib.RDF.type, dcat.Dataset)
    assert {str(t) for t in graph.objects(one, dct.title)} == {"사투리 음성", "Dialects"}
    sums = {str(v) for v in graph.objects(None, spdx.checksumValue)}
    assert sums == {entry.sha256.hex() for entry in tree_of(made).walk()}


def test_private_sets_are_in_no_catalogue(sealed, stranger, at):
    create_data_set(stranger, code="bada/hidden", at=at)
    text = Client().get("/api/data/catalogue.jsonld").content.decode()
    assert "hidden" not in text
    assert "hidden" not in Client().get("/api/3/action/package_list").content.decode()


def test_differences_between_commits_are_by_file(builder, data_set, made, at):
    files = {"train.csv": b"changed\n", "new.txt": b"n"}
    puts = []
    for path, data in files.items():
        row = take_in(data_set, [data], Announced(len(data)), at=at)
        puts.append((path, bytes(row.sha256)))
    after = commit(builder, data_set, Change(puts=puts, gone_files=["cp949.csv"]), at=at)
    found = changes_between(made, after)
    assert found.added_paths == ("new.txt",)
    assert found.gone_paths == ("cp949.csv",)
    assert found.changed_paths == ("train.csv",)
    assert changes_between(after, after).is_empty


@pytest.mark.parametrize(
    "text",
    ["---\nlicense: [\n---\nx", "---\na: &a [1]\nb: *a\n---\nx", "---\n- 1\n---\nx", "x"],
    ids=["no YAML", "an alias", "no mapping", "no head"],
)
def test_odd_heads_of_cards_say_nothing(text):
    assert (card_from(text).head, card_from(text).description) == ({}, "x")


def test_tables_are_written_as_parquet_on_a_branch_and_again_without_what_is_gone(
    builder, data_set, made, at
):
    change = Change(gone_files=["broken.parquet"], title="without what does not open")
    head = commit(builder, data_set, change, at=at)
    done = convert(builder, data_set, head, at=at)
    assert [one.path for one in tree_of(done).walk()] == [
        "big.parquet", "cp949.parquet", "lines.parquet", "train.parquet", "utf16.parquet"
    ]  # fmt: skip
    found = ask(f"{API}/rows?path=cp949.parquet&revision=convert/parquet")
    assert found["rows"][0] == ["가", 1, "2020-01-01"]
    head = commit(builder, data_set, Change(gone_files=["lines.jsonl"]), at=at)
    paths = [one.path for one in tree_of(convert(builder, data_set, head, at=at)).walk()]
    assert "lines.parquet" not in paths
    assert len(paths) == 4
