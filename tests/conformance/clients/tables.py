"""Calls of an unmodified `datasets`, run on its own. Prints one JSON line."""

from __future__ import annotations

import json
import sys

import datasets
from huggingface_hub import HfApi

ROWS = {"글": ["가", "나"], "n": [1, 2]}
api = HfApi()


def csv() -> bool:
    api.create_repo("hana/csv", repo_type="dataset", exist_ok=True)
    api.upload_file(
        path_or_fileobj="글,n\n가,1\n".encode(),
        path_in_repo="data/a.csv",
        repo_id="hana/csv",
        repo_type="dataset",
    )
    return datasets.load_dataset("hana/csv")["train"][0] == {"글": "가", "n": 1}


def streamed() -> bool:
    found = datasets.load_dataset("hana/csv", streaming=True)["train"]
    return next(iter(found)) == {"글": "가", "n": 1}


def pushed() -> bool:
    datasets.Dataset.from_dict(ROWS).push_to_hub("hana/pushed")
    return datasets.load_dataset("hana/pushed")["train"][:] == ROWS


CALLS = {"load_dataset": csv, "load_dataset streaming": streamed, "push_to_hub": pushed}


def main() -> None:
    told = {}
    for name, call in CALLS.items():
        try:
            told[name] = bool(call())
        except Exception as error:  # noqa: BLE001  told by name, so that all calls are made
            told[name] = f"{type(error).__name__}: {error}"[:400]
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
