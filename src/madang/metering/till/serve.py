"""The till as a process: stops in good order on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

from madang.metering.till.server import serve
from madang.metering.till.settings import TillSettings


def main(data_dir: Path, *, health_port: int = 0) -> None:
    """Run until told to stop. Django is set up by the caller."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_run(data_dir, health_port))


async def _run(data_dir: Path, health_port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(data_dir, stop=stop, settings=TillSettings(health_port=health_port))
