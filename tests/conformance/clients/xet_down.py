"""An unmodified client fetches one large file whole and by snapshot. Prints one JSON line."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from huggingface_hub import HfApi

SET, PATH = sys.argv[1:3]
api = HfApi()


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def main() -> None:
    of = {"repo_id": SET, "repo_type": "dataset"}
    one = api.hf_hub_download(filename=PATH, **of)
    told = {"file": digest(one)}
    found = api.snapshot_download(allow_patterns=[PATH], cache_dir=sys.argv[3], **of)
    told["snapshot"] = digest(str(Path(found) / PATH))
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
