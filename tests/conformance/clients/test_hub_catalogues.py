"""mlcroissant and ckanapi, unmodified, against a sealed set of real tables."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import polars as pl
import pytest
from tests.conformance.clients.conftest import TOKEN

HERE = Path(__file__).parent
CLIENT_S_MAX = 240
SET = "hana/catalogued"
CARD = """---
license: kogl-1
language: [ko]
tags: [문장]
rai:
  dataCollection: 사람이 적은 문장을 모음
---
# 문장

짧은 문장들입니다.
"""
FRAME = pl.DataFrame({"글": ["가", "나"], "n": [1, 2], "x": [0.5, 1.5]})


@pytest.fixture(scope="module")
def sealed(yard, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("set")
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    (folder / "train.csv").write_text("글,n\n가,1\n나,2\n", encoding="utf-8")
    (folder / "lines.jsonl").write_text('{"글": "가", "n": 1}\n', encoding="utf-8")
    out = io.BytesIO()
    FRAME.write_parquet(out)
    (folder / "table.parquet").write_bytes(out.getvalue())
    declared = tmp_path_factory.mktemp("declared") / "set.toml"
    declared.write_text(
        f"""[[dataset]]
code = "{SET}"
name = {{ ko = "짧은 문장", en = "Short sentences" }}
field = "speech-language"
licence = "KOGL-1"
access = "open"
path = "{folder}"
"""
    )
    yard.madang("apply", str(declared))
    yard.api(f"/datahub/sets/{SET}/versions", {"number": "1.0"}, TOKEN)
    return SET


def test_catalogue_clients_read_what_is_there(hub, sealed) -> None:
    done = subprocess.run(
        [sys.executable, HERE / "catalogues.py", sealed], env=hub.environment,
        capture_output=True, text=True, timeout=CLIENT_S_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = json.loads(done.stdout.splitlines()[-1])
    assert {name: answer for name, answer in answers.items() if answer is not True} == {}


def test_catalogue_of_the_whole_hub_lists_the_set(hub, sealed) -> None:
    with urllib.request.urlopen(f"{hub.url}/api/data/catalogue.jsonld") as answer:
        found = json.loads(answer.read())
    assert sealed in [one["dct:identifier"] for one in found["dcat:dataset"]]
