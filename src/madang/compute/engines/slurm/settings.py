"""How one Slurm cluster is addressed. The REST version stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REST_VERSION = "v0.0.38"
FORBIDDEN_USERS = frozenset({"root", "slurm"})


@dataclass(frozen=True, slots=True)
class SlurmSettings:
    """`address` empty: the command line alone. `jwt_key` signs short-lived tokens; without it
    `scontrol token` makes them. `conf` is SLURM_CONF. `logs` is where jobs write, `records`
    where prolog and epilog do; both are seen by nodes and platform. `books_late_s`: for so long
    after a node's word accounting may still be about to tell the same."""

    site: str
    cluster: str
    user: str
    address: str = ""
    jwt_key: bytes = b""
    partition: str = ""
    conf: str = ""
    logs: Path | None = None
    records: Path | None = None
    token_s: int = 300
    timeout_s: float = 10.0
    node_tolerance_s: int = 5
    books_late_s: int = 60
