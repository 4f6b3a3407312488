"""Open, gated, private and recalled, as unmodified clients of two generations are told; and
the `hf` command of both."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.conformance.clients.conftest import TOKEN
from tests.conformance.clients.test_hub_clients import CLIENT_S_MAX, CLIENTS, HERE

SETS = ("hana/acc-open", "hana/acc-gated", "hana/acc-private", "hana/acc-recalled")


@pytest.fixture(scope="module")
def sets(yard, tmp_path_factory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("set")
    (folder / "a.csv").write_text("a\n1\n")
    declared = tmp_path_factory.mktemp("declared") / "sets.toml"
    text = ""
    for code in SETS:
        access = "gated" if code.endswith("gated") else "open"
        text += (
            f'[[dataset]]\ncode = "{code}"\nfield = "other"\nlicence = "KOGL-1"\n'
            f'access = "{access}"\npath = "{folder}"\n'
        )
    declared.write_text(text)
    yard.madang("apply", str(declared))
    put(yard, "hana/acc-private", {"private": True})
    sealed = yard.api("/datahub/sets/hana/acc-recalled/versions", {"number": "1.0"}, TOKEN)
    reason = {"reason": "개인정보 발견"}
    yard.api(f"/datahub/versions/{sealed['id']}/recall", reason, "mdp_test_operator")
    return SETS


def put(yard, code: str, body: dict) -> None:
    import urllib.request

    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{yard.url}/api/datasets/{code}/settings", json.dumps(body).encode(), headers
    )
    request.method = "PUT"
    urllib.request.urlopen(request).close()


def told(hub, client: str, sets, token: str) -> dict[str, str]:
    environment = {**hub.environment, "HF_TOKEN": token}
    if not token:
        del environment["HF_TOKEN"]
    done = subprocess.run(
        [CLIENTS[client], HERE / "access.py", *sets], env=environment, capture_output=True,
        text=True, timeout=CLIENT_S_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (TOKEN, ["read", "read", "read", "GatedRepoError"]),
        ("", ["read", "GatedRepoError", "RepositoryNotFoundError", "GatedRepoError"]),
        (
            "mdp_test_stranger",
            ["read", "GatedRepoError", "RepositoryNotFoundError", "GatedRepoError"],
        ),
    ],
    ids=["its builder", "nobody", "a stranger"],
)
def test_each_reader_gets_what_is_theirs(hub, sets, client, token, expected) -> None:
    assert list(told(hub, client, sets, token).values()) == expected


@pytest.mark.parametrize("client", CLIENTS)
def test_hf_command_uploads_and_downloads(hub, tmp_path, client) -> None:
    command = Path(CLIENTS[client]).parent / "hf"
    folder = tmp_path / "up"
    (folder / "글").mkdir(parents=True)
    (folder / "글" / "a.csv").write_text("글\n가\n", encoding="utf-8")
    (folder / "b.bin").write_bytes(bytes(range(256)) * 50_000)

    def hf(*words: str) -> str:
        done = subprocess.run(
            [command, *words], env=hub.environment, capture_output=True, text=True,
            timeout=CLIENT_S_MAX, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    code = f"hana/cli-{client}"
    assert "b@hana.example" in hf("auth", "whoami")
    hf("upload", code, str(folder), ".", "--repo-type", "dataset")
    out = tmp_path / "down"
    hf("download", code, "--repo-type", "dataset", "--local-dir", str(out))
    for name in ("글/a.csv", "b.bin"):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
