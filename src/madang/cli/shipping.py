"""Before a balance is read: what gateways have written down is posted, what is due is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from madang.cli.acting import ORIGIN
from madang.cli.installation import Installation
from madang.ledger.seals.actions import seal
from madang.metering.duties import settle_due
from madang.metering.till.recovery import ship_leftovers


@contextmanager
def shipped(installation: Installation) -> Iterator[None]:
    """Journals read to their end, by the till or by ourselves; then the block.

    New journals are sealed into their chains before and after, so that a later change of what
    was read or written here is found.
    """
    if not _flushed(installation):
        ship_leftovers(installation.data)
    settle_due(at=installation.clock.now(), origin=ORIGIN)
    seal()
    yield
    seal()


def _flushed(installation: Installation) -> bool:
    """True when a till is up and has done it."""
    if not installation.till_socket.exists():
        return False
    from madang.metering.till import client  # brings the whole till: only when there is one

    return client.flush(installation.data)
