"""Before a balance is read: what gateways have written down is posted, what is due is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from madang.cli.acting import ORIGIN
from madang.cli.installation import Installation
from madang.cli.probes import unix_socket_accepts
from madang.metering.duties import settle_due
from madang.metering.till.recovery import ship_leftovers


@contextmanager
def shipped(installation: Installation) -> Iterator[None]:
    """Journals read to their end, by the till or by ourselves; then the block."""
    if not asyncio.run(unix_socket_accepts(installation.till_socket)()):
        ship_leftovers(installation.data)
    settle_due(at=installation.clock.now(), origin=ORIGIN)
    yield
