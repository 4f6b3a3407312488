"""A whole stage for tests: supplier, till, and a gateway in a real process."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from gateway_parts.supplier import Supplier
from gateway_parts.till import FakeTill

DEADLINE_S = 15.0
WON = 1_000_000
SRC = Path(__file__).parents[2] / "src"
_secrets = itertools.count(1)


def wait_for(
    fact: Callable[[], object], what: str = "", within_s: float = DEADLINE_S
) -> object:
    """Wait on a state, with a deadline."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        found = fact()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"did not come about within {within_s} s: {what or fact}")


class GatewayProcess:
    """`python -m madang.gateway`, on a free port."""

    def __init__(self, data: Path, till: FakeTill, *, worker: int = 0, port: int = 0, env=None):
        self.worker = worker
        code = [sys.executable, "-m", "gateway_parts.run_worker"]
        options = ["--data", str(data), "--till", str(till.socket), "--port", str(port)]
        paths = os.pathsep.join([str(SRC), str(Path(__file__).parents[1])])
        self.log = (data / f"gateway-{worker}-{time.monotonic_ns()}.log").open("w+")
        self.process = subprocess.Popen(
            [*code, *options, "--worker", str(worker)],
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=os.environ | {"PYTHONPATH": paths, "MADANG_TEST": "1"} | (env or {}),
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline() or 0)
        assert self.port, self.log_text()
        self.url = f"http://127.0.0.1:{self.port}"

    def wait_ready(self) -> GatewayProcess:
        wait_for(self.is_well, f"the gateway is well\n{self.log_text()}")
        return self

    def is_well(self) -> bool:
        try:
            return httpx.get(self.url + "/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def log_text(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text()

    def metric(self, name: str) -> int:
        text = httpx.get(self.url + "/metrics", timeout=5).text
        for line in text.splitlines():
            if line.startswith(f"madang_gateway_{name}{{"):
                return int(line.split()[-1])
        raise KeyError(name)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._close()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE_S)
        self._close()
        return code

    def _close(self) -> None:
        self.process.stdout.close()
        self.log.close()


class Stage:
    """Supplier, till and gateway together, with the calls that tests make."""

    def __init__(self, folder: Path, **options) -> None:
        self.folder = folder
        self.supplier = Supplier()
        self.till = FakeTill(folder)
        self.till.add_offering("nuri/small", self.supplier.url)
        self.gateway = GatewayProcess(folder, self.till, **options).wait_ready()
        self.http = httpx.Client(base_url=self.gateway.url, timeout=DEADLINE_S)

    def close(self) -> None:
        self.http.close()
        code = self.gateway.stop()
        self.till.stop()
        self.supplier.stop()
        assert self.till.breaches == []
        assert code == 0

    def restart(self) -> None:
        """A new gateway process in place of one that is gone."""
        self.http.close()
        self.gateway = GatewayProcess(self.folder, self.till).wait_ready()
        self.http = httpx.Client(base_url=self.gateway.url, timeout=DEADLINE_S)

    def key(self, won: float = 1000, **changes) -> str:
        """A new voucher with this much to spend, and the secret of its key."""
        secret = f"mdg_test_{next(_secrets):06d}"
        version = self.till._version + 1
        self.till.add_voucher(int(won * WON), secret, **changes)
        self.wait_version(version)
        return secret

    def offer(self, code: str, **changes):
        version = self.till._version + 1
        url = changes.pop("upstream", self.supplier.url)
        offering = self.till.add_offering(code, url, **changes)
        self.wait_version(version)
        return offering

    def wait_version(self, version: int) -> None:
        def knows() -> bool:
            return self.http.get("/healthz").json()["snapshot"] >= version

        wait_for(knows, f"snapshot {version}")

    def chat(
        self, secret: str, path: str = "/v1/chat/completions", **changes
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {secret}"} | changes.pop("headers", {})
        return self.http.post(path, headers=headers, json=body(**changes))

    def stream(self, secret: str, **changes):
        headers = {"authorization": f"Bearer {secret}"} | changes.pop("headers", {})
        return self.http.stream(
            "POST", "/v1/chat/completions", headers=headers, json=body(stream=True, **changes)
        )

    def voucher(self, secret: str):
        return next(one for one in self.till.vouchers.values() if one.code == f"v-{secret}")

    @property
    def netloc(self) -> tuple[str, int]:
        parts = urlsplit(self.gateway.url)
        return parts.hostname, parts.port


def body(**changes) -> dict:
    """A chat body; `ask` holds directives for the supplier."""
    ask = changes.pop("ask", None)
    facts = {
        "model": "nuri/small",
        "messages": [{"role": "user", "content": "마당에서 무엇을 하나요?"}],
        "max_tokens": 64,
    } | changes
    if ask is not None:
        facts["user"] = json.dumps(ask)
    return {name: value for name, value in facts.items() if value is not ...}
