"""Ports of the demonstration: the usual ones, or free ones where somebody else listens."""

from __future__ import annotations

import socket
from pathlib import Path

from madang.cli.probes import port_is_free

LOOPBACK = "127.0.0.1"
PORTAL, GATEWAY, SAMPLE = 8000, 8080, 9001


def chosen_ports(data: Path, given: dict[str, int | None]) -> dict[str, int]:
    """The port of each process. One that was asked for is taken as it is, free or not.

    The sample model's port stands in the catalogue that the first start declared: it is kept
    in the data folder and used again.
    """
    usual = {"portal": PORTAL, "gateway": GATEWAY, "sample": _kept(data) or SAMPLE}
    chosen: dict[str, int] = {}
    for name, port in given.items():
        chosen[name] = port or _usual_or_free(usual[name], taken=set(chosen.values()))
    _keep(data, chosen["sample"])
    return chosen


def _usual_or_free(usual: int, *, taken: set[int]) -> int:
    if usual not in taken and port_is_free(LOOPBACK, usual):
        return usual
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def _kept(data: Path) -> int | None:
    path = _path(data)
    return int(path.read_text()) if path.exists() else None


def _keep(data: Path, port: int) -> None:
    path = _path(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(port))


def _path(data: Path) -> Path:
    return data / "demo" / "sample-port"
