"""Downloads through Xet: an unmodified newer client asks for runs of chunks, not for files."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.flipping import Proxy

HERE = Path(__file__).parent
DATA = random.Random(8).randbytes(13_000_000)
DATA += b"the same again" * 400_000 + DATA[3_000_000:7_000_000] + bytes(range(256)) * 5_000
CLIENT_S_MAX = 240
SET = "hana/xet-down"


@pytest.fixture(scope="module")
def filled(yard, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("set")
    (folder / "large.bin").write_bytes(DATA)
    declared = tmp_path_factory.mktemp("declared") / "set.toml"
    declared.write_text(
        f"""[[dataset]]
code = "{SET}"
field = "other"
licence = "KOGL-1"
access = "open"
path = "{folder}"
"""
    )
    yard.madang("apply", str(declared))
    return SET


def test_newer_client_downloads_by_runs_of_chunks(hub, filled, tmp_path) -> None:
    with Proxy(hub.url) as proxy:
        environment = {**hub.environment, "HF_ENDPOINT": proxy.url}
        done = subprocess.run(
            [sys.executable, HERE / "xet_down.py", filled, "large.bin", tmp_path / "cache"],
            env=environment, capture_output=True, text=True, timeout=CLIENT_S_MAX, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    expected = hashlib.sha256(DATA).hexdigest()
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"file": expected, "snapshot": expected}
    assert any(one.startswith("GET /hub/runs/") for one in proxy.asked)
    assert not any(one.startswith("GET /datasets/") for one in proxy.asked), "no plain file"


def ask(url: str, token: str = "", wanted: str = "") -> tuple[int, dict]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if wanted:
        headers["Range"] = wanted
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            data = answer.read()
            return answer.status, json.loads(data) if data[:1] == b"{" else {"bytes": data}
    except urllib.error.HTTPError as error:
        return error.code, {}


@pytest.fixture
def opened(hub, filled) -> tuple[str, str, str]:
    """The block store's address, a read token for the set's commit, and the file's hash."""
    _, told = ask(f"{hub.url}/api/datasets/{filled}/xet-read-token/main")
    with urllib.request.urlopen(
        urllib.request.Request(
            f"{hub.url}/datasets/{filled}/resolve/main/large.bin", method="HEAD"
        )
    ) as head:
        return told["casUrl"], told["accessToken"], head.headers["X-Xet-Hash"]


@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (1_000, 9_000_000), (12_999_000, len(DATA)), (len(DATA) - 1, 0)]
)
def test_any_range_is_put_together_from_its_runs(opened, start, end) -> None:
    from madang.datahub.store import xorbs

    end = end or len(DATA)
    cas, token, name = opened
    wanted = f"bytes={start}-{end - 1}"
    code, told = ask(f"{cas}/v1/reconstructions/{name}", token, wanted)
    assert code == 200
    found = b""
    for term in told["terms"]:
        first, end_of = term["range"]["start"], term["range"]["end"]
        (info,) = [
            one
            for one in told["fetch_info"][term["hash"]]
            if one["range"]["start"] <= first and end_of <= one["range"]["end"]
        ]
        span = f"bytes={info['url_range']['start']}-{info['url_range']['end']}"
        chunks = xorbs.contents(ask(info["url"], "", span)[1]["bytes"])
        at = info["range"]["start"]
        found += b"".join(chunks[first - at : end_of - at])
    offset = told["offset_into_first_range"]
    assert found[offset : offset + end - start] == DATA[start:end]


def test_token_of_one_set_opens_no_file_of_another_and_links_no_other_bytes(
    hub, opened
) -> None:
    """The store holds everybody's chunks side by side: a hash alone must open nothing."""
    cas, token, name = opened
    assert ask(f"{cas}/v1/reconstructions/{name}")[0] == 401
    assert ask(f"{cas}/v1/reconstructions/{name}", "forged")[0] == 401
    other = replace(hub).yard  # an empty set of the same builder
    headers = {"Authorization": "Bearer mdp_test_builder", "Content-Type": "application/json"}
    body = json.dumps({"name": "empty-xet", "organization": "hana"}).encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{other.url}/api/repos/create", body, headers)
    ).close()
    _, told = ask(f"{other.url}/api/datasets/hana/empty-xet/xet-read-token/main")
    assert ask(f"{cas}/v1/reconstructions/{name}", told["accessToken"])[0] == 404
    _, told = ask(f"{cas}/v1/reconstructions/{name}", token, "bytes=0-99")
    (info,) = [one for many in told["fetch_info"].values() for one in many]
    beyond = f"bytes={info['url_range']['start']}-{info['url_range']['end'] + 1}"
    assert ask(info["url"], "", beyond)[0] == 416
    assert ask(f"{info['url']}x", "", "bytes=0-9")[0] == 401
