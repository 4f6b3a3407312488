"""What the gateway costs: CPU per call against nginx, an ASGI app, and our own pass-through.

    python bench/gateway.py [--rounds 5] [--seconds 2] [--only small,stream,paced,large]

Every peer's whole process tree is counted (utime + stime from /proc), rounds are interleaved,
load and gateways have a core each, medians are compared inside one run. A peer that is missing
is said to be missing. The till here only grants money: the real one is measured in metering.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from gateway_parts.till import FakeTill  # noqa: E402  the path comes first
from madang.wire import messages as m  # noqa: E402

KEY = "mdg_bench_0001"
GATE_NGINX, GATE_ASGI, GATE_TAX = 4.0, 3.0, 2.0
GATE_STREAM_NGINX, GATE_LARGE_NGINX = 2.5, 2.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
CONNECTIONS = {"small": 32, "stream": 32, "paced": 64, "large": 8}
PACE_S = 0.002
PROC = Path("/proc")
GONE = (FileNotFoundError, ProcessLookupError)
"""What reading of a thread or a process says that has just ended."""
LOOKS_MAX = 100
NGINX = """
worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_buffer_size 1m;
  client_max_body_size 8m; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000000; }}
  upstream paced {{ server 127.0.0.1:{paced}; keepalive 128; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{port}; proxy_http_version 1.1; proxy_buffering off;
    proxy_set_header Connection "";
    location / {{ proxy_pass http://up; }}
    location /v1/paced {{ proxy_pass http://paced; }} }}
}}
"""


class RichTill(FakeTill):
    """Grants a lot, takes anything back unread: it must not be what is measured."""

    def _lend(self, worker, told) -> None:
        granted = m.LeaseGranted(told.request, uuid4(), 10**15, 10**17)
        worker.writer.write(m.frame(granted))

    def _take_back(self, worker, told) -> None:
        return


def bodies() -> dict[str, bytes]:
    """A small call, the same as a stream, and one with 200 KB of Korean and English text."""
    say = [{"role": "system", "content": "간단히 답하세요. " * 10}]
    small = {
        "model": "nuri/mock",
        "messages": [*say, {"role": "user", "content": "x" * 300}],
        "temperature": 0.7,
        "max_tokens": 64,
    }
    text = "마당에 모인 사람들이 모델을 고릅니다. The quick brown fox jumps. " * 2150
    large = {
        "model": "nuri/mock",
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 64,
    }
    stream = small | {"stream": True}
    made = {
        "small": small,
        "stream": stream,
        "paced": stream | {"model": "nuri/paced"},
        "large": large,
    }
    return {
        name: json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        for name, body in made.items()
    }


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def tree_of(pid: int) -> list[int]:
    """A process that is there, and all that it has started and that is there still."""
    found = [pid]
    for child in children_of(pid):
        with contextlib.suppress(*GONE):
            found += tree_of(child)
    return found


def children_of(pid: int) -> set[int]:
    """By its threads. When one of them ends meanwhile another has its children: looked again.
    Raises FileNotFoundError when the process itself is gone."""
    found: set[int] = set()
    for _ in range(LOOKS_MAX):
        has_changed = False
        for task in (PROC / str(pid) / "task").iterdir():
            try:
                found |= {int(child) for child in (task / "children").read_text().split()}
            except GONE:
                has_changed = True
        if not has_changed:
            break
    return found


def told_of(pid: int, name: str) -> list[str]:
    """A file of each process of a tree. What has ended since is left out, but for the first."""
    told = []
    for one in tree_of(pid):
        try:
            told.append((PROC / str(one) / name).read_text())
        except GONE:
            if one == pid:
                raise
    return told


def cpu_s(pid: int) -> float:
    total = 0
    for text in told_of(pid, "stat"):
        fields = text.rsplit(")", 1)[1].split()
        total += sum(int(ticks) for ticks in fields[11:13])
    return total * TICK_S


def rss_kib(pid: int) -> int:
    pages = sum(int(text.split()[1]) for text in told_of(pid, "statm"))
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


class Bench:
    """Processes, rounds, and the table."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self.folder, self.seconds = folder, seconds
        self.stack = contextlib.ExitStack()
        self.peers: dict[str, tuple[subprocess.Popen, int]] = {}
        self.missing: list[str] = []
        self.cores = sorted(os.sched_getaffinity(0))
        self.upstream, self.paced = free_port(), free_port()

    def start(self, name: str, command: list[str], port: int, core: int, **env: str) -> None:
        paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "bench")])
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            env=os.environ | {"PYTHONPATH": paths} | env,
            stdout=subprocess.DEVNULL,
        )
        self.stack.callback(process.wait, 20)
        self.stack.callback(process.terminate)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", port), 1),
            ):
                self.peers[name] = (process, port)
                return
            time.sleep(0.05)
        raise SystemExit(f"{name} did not start")

    def start_all(self) -> None:
        load, gate = self.cores[0], self.cores[-1]
        python, bench = sys.executable, ROOT / "bench"
        up = str(self.upstream)
        script = str(bench / "gateway_upstream.py")
        self.start("upstream", [python, script, up], self.upstream, load)
        paced = [python, script, str(self.paced), str(PACE_S)]
        self.start("paced upstream", paced, self.paced, load)
        self.peers.clear()
        self._start_nginx(gate)
        port = free_port()
        through = [python, str(bench / "gateway_through.py"), str(port), up]
        self.start("pass-through", through, port, gate)
        self._start_gateway(gate)
        port = free_port()
        options = "--loop uvloop --http httptools --no-access-log --log-level error".split()  # noqa: SIM905
        asgi = [python, "-m", "uvicorn", "gateway_asgi:app", "--port", str(port), *options]
        peer = {"BENCH_UPSTREAM": f"http://127.0.0.1:{up}", "BENCH_KEY": KEY}
        self.start("asgi", asgi, port, gate, **peer)

    def _start_nginx(self, core: int) -> None:
        binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if binary is None:
            self.missing.append("nginx")
            return
        port = free_port()
        config = self.folder / "nginx.conf"
        config.write_text(
            NGINX.format(dir=self.folder, upstream=self.upstream, paced=self.paced, port=port)
        )
        self.start("nginx", [binary, "-c", str(config), "-p", str(self.folder)], port, core)

    def _start_gateway(self, core: int) -> None:
        till = RichTill(self.folder)
        self.stack.callback(till.stop)
        for code, port in (("nuri/mock", self.upstream), ("nuri/paced", self.paced)):
            till.add_offering(code, f"http://127.0.0.1:{port}/v1", context_tokens_max=10**6)
        till.add_voucher(10**17, KEY)
        port = free_port()
        where = ["--data", str(self.folder), "--till", str(till.socket), "--port", str(port)]
        self.start("gateway", [sys.executable, "-m", "madang.gateway", *where], port, core)

    def peers_for(self, kind: str) -> list[str]:
        """The paced stream is compared between the gateway and nginx alone."""
        names = list(self.peers)
        return (
            [one for one in names if one in {"nginx", "gateway"}] if kind == "paced" else names
        )

    def url(self, name: str, kind: str) -> str:
        path = "paced" if kind == "paced" and name == "nginx" else "chat/completions"
        return f"http://127.0.0.1:{self.peers[name][1]}/v1/{path}"

    def check(self, name: str, kind: str, body: bytes) -> None:
        """One call, whose answer must be whole: a wrong body voids everything."""
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        request = urllib.request.Request(self.url(name, kind), body, headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            answer = response.read()
        whole = b"data: [DONE]" if b'"stream":true' in body else b'"completion_tokens"'
        if whole not in answer:
            raise SystemExit(f"{name} answers wrongly: {answer[:300]!r}")

    def round(self, name: str, kind: str, body: Path) -> dict[str, float]:
        process = self.peers[name][0]
        script = self.folder / "call.lua"
        script.write_text(
            f'local f = io.open("{body}", "rb"); wrk.body = f:read("*a"); f:close()\n'
            'wrk.method = "POST"; wrk.headers["content-type"] = "application/json"\n'
            f'wrk.headers["authorization"] = "Bearer {KEY}"\n'
        )
        load = ["taskset", "-c", str(self.cores[0]), "wrk", "-t1", f"-c{CONNECTIONS[kind]}"]
        before = cpu_s(process.pid)
        out = subprocess.run(
            [*load, f"-d{self.seconds}s", "-s", str(script), self.url(name, kind)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        used = cpu_s(process.pid) - before
        calls = int(re.search(r"(\d+) requests in", out)[1])
        if "Non-2xx" in out or calls < 10:
            raise SystemExit(f"{name} {kind}: the round is void\n{out}")
        return {"calls": calls, "cpu_us": used / calls * 1e6, "load": os.getloadavg()[0]}

    def run(self, rounds: int, kinds: list[str]) -> dict:
        found: dict = {}
        for kind in kinds:
            body = self.folder / f"{kind}.json"
            body.write_bytes(bodies()[kind])
            names = self.peers_for(kind)
            for name in names:
                self.check(name, kind, bodies()[kind])
                self.round(name, kind, body)  # warm
            found[kind] = {name: [] for name in names}
            for _ in range(rounds):
                for name in names:
                    found[kind][name].append(self.round(name, kind, body))
        return found

    def memory(self) -> dict[str, int]:
        return {name: rss_kib(process.pid) for name, (process, _) in self.peers.items()}


def summary(found: dict) -> dict:
    """Ratios of medians: ours over nginx's, the ASGI app's over ours, ours over bare."""
    told: dict = {}
    for kind, peers in found.items():
        medians = {
            name: statistics.median(one["cpu_us"] for one in rounds)
            for name, rounds in peers.items()
        }
        ours, nginx = medians["gateway"], medians.get("nginx")
        told[kind] = {
            "vs_nginx": ours / nginx if nginx else None,
            "asgi_vs_ours": medians["asgi"] / ours if "asgi" in medians else None,
            "tax": ours / medians["pass-through"] if "pass-through" in medians else None,
        }
    return told


def show(found: dict, told: dict) -> None:
    for kind, peers in found.items():
        print(f"\n{kind}, {CONNECTIONS[kind]} connections")
        print(f"{'peer':14}{'CPU us/call':>12}{'min':>9}{'max':>9}{'calls':>9}{'load':>7}")
        for name, rounds in peers.items():
            cpu = [one["cpu_us"] for one in rounds]
            calls = sum(int(one["calls"]) for one in rounds)
            load = statistics.median(one["load"] for one in rounds)
            middle = statistics.median(cpu)
            print(f"{name:14}{middle:12.1f}{min(cpu):9.1f}{max(cpu):9.1f}{calls:9}{load:7.1f}")
        said = ", ".join(f"{name} {ratio:.2f}" for name, ratio in told[kind].items() if ratio)
        print(f"gateway, as ratios: {said}")


def gates(told: dict) -> list[str]:
    """What misses its gate."""
    wanted = [
        ("P1", "small", "vs_nginx", GATE_NGINX, 1),
        ("P3", "small", "asgi_vs_ours", GATE_ASGI, -1),
        ("P6", "small", "tax", GATE_TAX, 1),
        ("P7", "stream", "vs_nginx", GATE_STREAM_NGINX, 1),
        ("P8", "large", "vs_nginx", GATE_LARGE_NGINX, 1),
    ]
    bad = []
    for number, kind, name, gate, sign in wanted:
        ratio = told.get(kind, {}).get(name)
        if ratio is not None and sign * ratio > sign * gate:
            bad.append(f"{number} {kind} {name}: {ratio:.2f}, gate {gate}")
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--only", default="small,stream,paced,large")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        print("MISSING TOOL: wrk is not installed; nothing can be measured")
        return 3
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder:
        bench = Bench(Path(folder), given.seconds)
        with bench.stack:
            bench.start_all()
            found = bench.run(given.rounds, given.only.split(","))
            memory = bench.memory()
    told = summary(found)
    show(found, told)
    print("memory, KiB: " + ", ".join(f"{name} {size}" for name, size in memory.items()))
    for peer in bench.missing:
        print(f"MISSING PEER: {peer} is not installed; ratios against it were not measured")
    bad = gates(told)
    print("\n".join(f"GATE MISSED {one}" for one in bad) or "all gates hold")
    result = {
        "python": platform.python_version(),
        "cores": len(bench.cores),
        "rounds": found,
        "ratios": told,
        "rss_kib": memory,
        "missing": bench.missing,
        "gates_missed": bad,
    }
    path = ROOT / "bench" / "results" / "gateway.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
