"""Twenty calls of an unmodified client, run by that client's own interpreter.

Prints one JSON line: {call: true | what went wrong}. Nothing of ours is imported here.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from huggingface_hub import HfApi, HfFileSystem

SET, SIZE = sys.argv[1], 12_000_000
api = HfApi()
large = random.Random(1).randbytes(SIZE)
folder = Path(tempfile.mkdtemp())
(folder / "large.bin").write_bytes(large)
for name in ("a", "b"):
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts" / f"{name}.txt").write_text(f"글 {name}\n", encoding="utf-8")
kind = {"repo_type": "dataset"}
of = {"repo_id": SET, **kind}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fetched(path: str, **more: str) -> bytes:
    return Path(api.hf_hub_download(filename=path, **of, **more)).read_bytes()


def seek() -> bool:
    with HfFileSystem().open(f"datasets/{SET}/large.bin") as file:
        file.seek(5_000_000)
        return file.read(1_000) == large[5_000_000:5_001_000]


def reversed_object() -> bool:
    api.upload_file(path_or_fileobj=io.BytesIO(large[::-1]), path_in_repo="rev.bin", **of)
    return sha(fetched("rev.bin")) == sha(large[::-1])


def snapshot() -> bool:
    found = Path(api.snapshot_download(**of))
    return (found / "large.bin").read_bytes() == large and (found / "texts" / "b.txt").exists()


def edited() -> bool:
    """Five bytes in the middle: the new file comes back whole."""
    changed = large[: SIZE // 2] + b"edit!" + large[SIZE // 2 :]
    (folder / "large.bin").write_bytes(changed)
    api.upload_file(path_or_fileobj=str(folder / "large.bin"), path_in_repo="large2.bin", **of)
    return sha(fetched("large2.bin")) == sha(changed)


def branched() -> bool:
    api.create_branch(branch="feature/x", **of)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", revision="feature/x", **of)
    names = api.list_repo_files(**of)
    return fetched("x.txt", revision="feature/x") == b"x" and "x.txt" not in names


def tagged() -> bool:
    api.create_tag(tag="v1", **of)
    names = {ref.name for ref in api.list_repo_refs(**of).tags}
    return names == {"v1"} and fetched("data/a.csv", revision="v1") == b"a,b\n1,2\n"


def deleted() -> bool:
    api.delete_file("rev.bin", **of)
    return "rev.bin" not in api.list_repo_files(**of)


def unknown_file() -> bool:
    try:
        fetched("none")
    except Exception as error:  # noqa: BLE001  the client's own class is what is asked
        return type(error).__name__ in {"EntryNotFoundError", "RemoteEntryNotFoundError"}
    return False


def unknown_set() -> bool:
    try:
        api.dataset_info("hana/none")
    except Exception as error:  # noqa: BLE001  same
        return type(error).__name__ == "RepositoryNotFoundError"
    return False


CALLS = {
    "whoami": lambda: api.whoami()["name"] == "b@hana.example",
    "create_repo": lambda: bool(api.create_repo(**of)),
    "create_repo again": lambda: bool(api.create_repo(exist_ok=True, **of)),
    "upload_file small": lambda: bool(
        api.upload_file(path_or_fileobj=b"a,b\n1,2\n", path_in_repo="data/a.csv", **of)
    ),
    "upload_file readme": lambda: bool(
        api.upload_file(path_or_fileobj="# 첫\n".encode(), path_in_repo="README.md", **of)
    ),
    "upload_folder": lambda: bool(api.upload_folder(folder_path=str(folder), **of)),
    "upload_file object": reversed_object,
    "upload_file edited": edited,
    "dataset_info": lambda: api.dataset_info(SET).sha is not None,
    "list_datasets": lambda: SET in [row.id for row in api.list_datasets(author="hana")],
    "list_repo_tree": lambda: (
        {row.path for row in api.list_repo_tree(**of)}
        >= {"README.md", "data", "large.bin", "texts"}
    ),
    "get_paths_info": lambda: (
        {row.path for row in api.get_paths_info(paths=["data/a.csv", "texts", "no"], **of)}
        == {"data/a.csv", "texts"}
    ),
    "hf_hub_download": lambda: sha(fetched("large.bin")) == sha(large),
    "snapshot_download": snapshot,
    "HfFileSystem seek": seek,
    "create_branch": branched,
    "create_tag and refs": tagged,
    "list_repo_commits": lambda: len(api.list_repo_commits(**of)) >= 5,
    "delete_file": deleted,
    "auth_check": lambda: api.auth_check(**of) is None,
    "unknown file": unknown_file,
    "unknown set": unknown_set,
}


def main() -> None:
    told = {}
    for name, call in CALLS.items():
        try:
            told[name] = bool(call())
        except Exception as error:  # noqa: BLE001  told by name, so that all calls are made
            told[name] = f"{type(error).__name__}: {error}"[:400]
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    main()
