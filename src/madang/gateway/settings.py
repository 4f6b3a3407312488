"""What a gateway worker is told when it starts: addresses and limits, each with its unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Nothing is unbounded. One past a limit is refused, closed or called a failure."""

    connections_max: int = 20_000
    header_bytes_max: int = 32 * KIB
    headers_max: int = 100
    path_bytes_max: int = 1024
    body_bytes_max: int = 8 * MIB
    pipeline_max: int = 16
    head_s_max: float = 15.0
    body_s_max: float = 120.0
    keep_alive_s_max: float = 75.0
    linger_s_max: float = 2.0
    stalled_client_s_max: float = 60.0

    connect_s_max: float = 5.0
    queue_s_max: float = 30.0
    first_byte_s_max: float = 300.0
    idle_s_max: float = 120.0
    total_s_max: float = 1800.0
    finish_s_max: float = 1.0
    commit_s_max: float = 20.0
    drain_s_max: float = 600.0
    answer_bytes_max: int = 32 * MIB
    event_bytes_max: int = 4 * MIB
    pool_waiters_max: int = 1024
    pool_idle_s_max: float = 30.0
    attempts_max: int = 2

    till_wait_s_max: float = 5.0
    lease_idle_s_max: float = 2.0
    key_cache_max: int = 10_000
    replay_bytes_max: int = 1 * MIB
    progress_s: float = 10.0
    shutdown_s_max: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One worker. `port` 0 takes a free one; workers of one host share a port."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    worker: int = 0
    till_socket: Path | None = None
    limits: Limits = field(default_factory=Limits)
    sync_interval_s: float = 0.005
    segment_bytes: int = 16 * MIB

    @property
    def till_path(self) -> Path:
        return self.till_socket or self.data_dir / "run" / "till.sock"
