"""Asking the till of this data folder to post what is on file. For commands and tests."""

from __future__ import annotations

import socket
from pathlib import Path

from madang.metering.errors import TillUnwell
from madang.metering.till.server import socket_path
from madang.wire.messages import Flush, Flushed, Frames, frame, from_till

WAIT_S_MAX = 30.0
_READ_BYTES = 65536


def flush(data_dir: Path, *, recall: bool = True) -> bool:
    """Have every journal read to its end and posted; False when no till is up.

    With `recall` leases give back what they do not use, so that balances show no idle hold.
    Raises TillUnwell when the till is up and does not do it.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(WAIT_S_MAX)
        try:
            line.connect(str(socket_path(data_dir)))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        try:
            line.sendall(frame(Flush(request=1, recall=recall)))
            _wait_for_flushed(line)
        except (OSError, ValueError) as err:
            raise TillUnwell(reason=str(err) or "no answer") from err
    return True


def _wait_for_flushed(line: socket.socket) -> None:
    frames = Frames()
    while data := line.recv(_READ_BYTES):
        for body in frames.feed(data):
            if isinstance(from_till.decode(body), Flushed):
                return
    raise TillUnwell(reason="the line was closed")
