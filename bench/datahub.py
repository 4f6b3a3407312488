"""The data hub against the peers that it is measured by, M1 to M11, all in one run.

A real portal over a PostgreSQL with fsync on, the clients of Hugging Face unmodified, `dvc add`
where it is found (MADANG_BENCH_DVC, else on the path), copies and sums by the system's tools.
Bytes are counted at the server's socket. Ratios only; sizes are in the answer, and smaller
than the targets' own unless MADANG_BENCH_MB=1024 and MADANG_BENCH_FILES=1000000 are given.

M1  calls of unmodified clients that do what they say             all
M2  an edit sent again: of LFS's bytes; stored: of dvc's          1/1,000 each
M3  kill -9 at half: what is fetched again                        2 % (plain HTTP: 100 %)
M4  many small files: files a second, of snapshot_download's      10 x
M5  a flipped byte on the wire is found                           all (plain HTTP: none)
M6  new bytes, sent and sealed: of cp, fsync and sha256sum        0.9 x
M7  the quality scan: of one with Python's re; recall             5 x, 1.0
M8  first hundred rows of a large table: bytes read, p95          1/100, 300 ms
M9  Croissant of every kind: valid, records read, ms each         40 ms
M10 import of CKAN packages: of the time of one by one            1/10
M11 seal of very many files: of find and sha256sum; first page    2 x, 100 ms

    python -m bench datahub       JSON to bench/results/datahub.json
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
RESULTS = ROOT / "bench" / "results" / "datahub.json"
CLIENTS = ROOT / "tests" / "conformance" / "clients"
MB = int(os.environ.get("MADANG_BENCH_MB") or 128)
FILES = int(os.environ.get("MADANG_BENCH_FILES") or 50_000)
SMALL = int(os.environ.get("MADANG_BENCH_SMALL") or 2_000)
EDITS = int(os.environ.get("MADANG_BENCH_EDITS") or 3)
FLIPS = int(os.environ.get("MADANG_BENCH_FLIPS") or 20)
KINDS = int(os.environ.get("MADANG_BENCH_KINDS") or 1_300)
ROUNDS = int(os.environ.get("MADANG_BENCH_ROUNDS") or 3)
ROWS = int(os.environ.get("MADANG_BENCH_ROWS") or 300_000)
ONLY = set(filter(None, os.environ.get("MADANG_BENCH_ONLY", "").split(",")))
REQUESTS = int(os.environ.get("MADANG_BENCH_REQUESTS") or 200)
CLIENT_S_MAX = 3600
TOKEN = "mdp_test_builder"
DECLARED = f"""
[[organisation]]
code = "hana"
name = {{ ko = "하나", en = "Hana" }}
kind = "sme"

[[person]]
email = "b@hana.example"
organisation = "hana"
roles = ["builder"]
token = "{TOKEN}"
"""


def noise(size: int, seed: int) -> bytes:
    rng = random.Random(seed)
    most = 64_000_000  # one integer of Python's takes no more than 256 MiB
    return b"".join(rng.randbytes(min(most, size - at)) for at in range(0, size, most))


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def medians(
    functions: dict[str, Callable[[], object]], rounds: int = ROUNDS
) -> dict[str, float]:
    """Seconds of each, in alternating order."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds):
        names = list(functions) if number % 2 == 0 else list(reversed(functions))
        for name in names:
            times[name].append(seconds(functions[name]))
    return {name: statistics.median(values) for name, values in times.items()}


def p95_ms(samples: list[float]) -> float:
    return round(1000 * sorted(samples)[int(0.95 * len(samples))], 1)


def told(is_met: bool, **figures: object) -> dict[str, object]:
    return {"met": is_met, **figures}


@dataclass
class Bench:
    """A running hub, and what reaches it."""

    url: str
    folder: Path
    environment: dict[str, str]
    madang: Callable[..., dict]

    def client(self, home: Path, url: str = "", **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(home), "HF_HOME": str(home / "hf"),
            "HF_ENDPOINT": url or self.url, "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1", **more,
        }  # fmt: skip

    def python(self, code: str, home: Path, url: str = "", **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], env=self.client(home, url, **more),
            capture_output=True, text=True, timeout=CLIENT_S_MAX, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-1500:])
        return done.stdout

    def get(self, *words: str, url: str = "") -> subprocess.CompletedProcess:
        home = {"HF_ENDPOINT": url or self.url, "HF_TOKEN": TOKEN}
        return subprocess.run(
            get_words(*words), env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **home},
            capture_output=True, text=True, timeout=CLIENT_S_MAX, check=False,
        )  # fmt: skip

    def declare(self, code: str, folder: Path) -> None:
        path = self.folder / f"{code.replace('/', '-')}.toml"
        path.write_text(
            f'[[dataset]]\ncode = "{code}"\nfield = "other"\nlicence = "KOGL-1"\n'
            f'access = "open"\npath = "{folder}"\n'
        )
        self.madang("apply", str(path))

    def api(self, path: str, body: dict | None = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    @property
    def stored_bytes(self) -> int:
        return sum(
            one.stat().st_size for one in (self.folder / "hub").rglob("*") if one.is_file()
        )


def get_words(*words: str) -> list[str]:
    return [sys.executable, "-m", "madang.cli", "hub", "get", *words, "--json"]


@contextmanager
def hub():
    """PostgreSQL with fsync on, a portal of two processes, Django in this process, too."""
    from tests.support.yard import open_yard

    from madang.cli.postgres import EmbeddedPostgres

    with tempfile.TemporaryDirectory(prefix="madang-bench-") as name:
        folder = Path(name)
        cluster = EmbeddedPostgres(folder / "cluster")
        urls = cluster.start({"max_connections": "60"})
        try:
            with open_yard(urls.superuser, folder / "data", DECLARED) as yard:
                os.environ.update({k: v for k, v in yard.environment.items() if "MADANG" in k})
                os.environ["DATABASE_URL"] = yard.environment["DATABASE_URL"]
                os.environ["DJANGO_SETTINGS_MODULE"] = "madang.portal.settings"
                import django

                django.setup()
                yield Bench(yard.url, folder / "data", yard.environment, yard.madang)
                from django.db import connections

                connections.close_all()
        finally:
            cluster.stop()


# --- the eleven -------------------------------------------------------------------------------


def m1(bench: Bench, work: Path) -> dict[str, object]:
    """Calls of the clients that are here, each in an interpreter of its own."""
    clients = {"2.x": Path(sys.executable)}
    older = Path(sys.prefix) / "hub-0.36" / "bin" / "python"
    if older.exists():
        clients["0.36"] = older
    passed, wrong = 0, {}
    for name, python in clients.items():
        home = work / f"m1-{name}"
        done = subprocess.run(
            [python, CLIENTS / "calls.py", f"hana/m1-{name}"], env=bench.client(home),
            capture_output=True, text=True, timeout=CLIENT_S_MAX, check=False,
        )  # fmt: skip
        answers = json.loads(done.stdout.splitlines()[-1])
        passed += sum(answer is True for answer in answers.values())
        wrong |= {f"{name} {k}": v for k, v in answers.items() if v is not True}
    return told(not wrong, clients=list(clients), passed=passed, wrong=wrong)


UPLOAD = """
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("{code}", repo_type="dataset", exist_ok=True)
api.upload_file(path_or_fileobj="{path}", path_in_repo="{name}", repo_id="{code}",
                repo_type="dataset")
"""


def m2(bench: Bench, work: Path) -> dict[str, object]:
    """Five bytes inserted in a large file at several places, by a client that knows its blocks;
    by one that knows nothing; and by LFS. The worst place counts."""
    from tests.support.flipping import Proxy

    size = MB * 1_000_000
    data = noise(size, 2)
    (work / "a.bin").write_bytes(data)
    code, sent, grown, wires, stores = "hana/m2", {}, {}, [], []

    def put(at: int, label: str, name: str, home: str, **more: str) -> None:
        (work / name).write_bytes(data[:at] + label.encode()[:5].ljust(5, b"!") + data[at:])
        send(label, name, home, **more)
        (work / name).unlink()

    def send(label: str, name: str, home: str, **more: str) -> None:
        before, sent_before = bench.stored_bytes, proxy.sent
        words = UPLOAD.format(code=code, path=work / name, name=f"{label}.bin")
        bench.python(words, work / home, proxy.url, **more)
        sent[label], grown[label] = proxy.sent - sent_before, bench.stored_bytes - before

    with Proxy(bench.url) as proxy:  # one address: clients remember blocks by it
        send("whole", "a.bin", "warm")
        for number in range(1, EDITS + 1):
            put(number * size // (EDITS + 1), f"warm{number}", "b.bin", "warm")
            wires.append(sent[f"warm{number}"])
            stores.append(grown[f"warm{number}"])
        put(size // 7, "empty", "c.bin", "cold")
        put(size // 11, "lfs", "d.bin", "lfs", HF_HUB_DISABLE_XET="1")
    dvc = _dvc(work, data)
    wire = sent["lfs"] / max(*wires, 1)
    stored = (dvc or size) / max(*stores, grown["empty"], grown["lfs"], 1)
    return told(
        wire >= 1000 and stored >= 1000, mb=MB, edits=EDITS, sent_bytes=sent,
        stored_bytes=grown,
        dvc_stored_bytes=dvc, wire_warm_times_less=round(wire),
        wire_empty_times_less=round(sent["lfs"] / sent["empty"], 2),
        stored_times_less=round(stored),
        note="an edit makes one or two chunks of 64 KiB: the ratio grows with the file",
    )  # fmt: skip


def _dvc(work: Path, data: bytes) -> int | None:
    """What `dvc add` stores again after the same edit."""
    dvc = os.environ.get("MADANG_BENCH_DVC") or shutil.which("dvc")
    if dvc is None:
        return None
    place = work / "dvc"
    place.mkdir()

    def run(*words: str) -> None:
        subprocess.run([dvc, *words], cwd=place, check=True, capture_output=True)

    def cached() -> int:
        return sum(one.stat().st_size for one in (place / ".dvc").rglob("*") if one.is_file())

    run("init", "--no-scm")
    (place / "a.bin").write_bytes(data)
    run("add", "a.bin")
    before = cached()
    (place / "a.bin").unlink()
    (place / "a.bin").write_bytes(data[: len(data) // 2] + b"edit!" + data[len(data) // 2 :])
    run("add", "a.bin")
    return cached() - before


def m3(bench: Bench, work: Path) -> dict[str, object]:
    """Killed once half is over, then again. Bytes by the server's socket."""
    from tests.support.flipping import Proxy

    size = MB * 1_000_000
    place = work / "m3"
    place.mkdir()
    (place / "a.bin").write_bytes(noise(size, 3))
    bench.declare("hana/m3", place)
    snapshot = (
        "from huggingface_hub import snapshot_download as s; s('hana/m3', repo_type='dataset')"
    )
    again = {}
    for name in ("madang hub get", "huggingface_hub over HTTP"):
        home = work / f"m3-{name[:6]}"
        is_ours = name == "madang hub get"
        words = get_words("hana/m3", str(home / "out")) if is_ours else [
            sys.executable, "-c", snapshot
        ]  # fmt: skip
        source = {"PYTHONPATH": str(ROOT / "src")} if is_ours else {"HF_HUB_DISABLE_XET": "1"}
        with Proxy(bench.url, stop_after=size // 2) as proxy:
            process = subprocess.Popen(
                words, env=bench.client(home, proxy.url, **source),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            proxy.stopped.wait(CLIENT_S_MAX)
            time.sleep(0.5)  # what was carried reaches the disk
            process.send_signal(signal.SIGKILL)
            process.wait()
        with Proxy(bench.url) as counting:
            more = ["--resume"] if is_ours else []
            subprocess.run(
                [*words, *more], env=bench.client(home, counting.url, **source), check=True,
                capture_output=True, timeout=CLIENT_S_MAX,
            )  # fmt: skip
        again[name] = max(counting.carried - (size - size // 2), 0) / (size // 2)
    shares = {name: round(100 * share, 2) for name, share in again.items()}
    return told(shares["madang hub get"] <= 2, mb=MB, fetched_again_percent=shares)


def m4(bench: Bench, work: Path) -> dict[str, object]:
    place = work / "m4"
    for number in range(SMALL):
        path = place / f"{number % 20:02}" / f"{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(1_000, number))
    bench.declare("hana/m4", place)
    tries = itertools.count()
    snapshot = (
        "from huggingface_hub import snapshot_download as s; s('hana/m4', repo_type='dataset')"
    )

    def ours() -> None:
        done = bench.get("hana/m4", str(work / f"m4-out-{next(tries)}"))
        assert done.returncode == 0, done.stderr + done.stdout

    def theirs() -> None:
        bench.python(snapshot, work / f"m4-home-{next(tries)}")

    times = medians({"ours": ours, "theirs": theirs}, max(ROUNDS - 1, 1))
    ratio = times["theirs"] / times["ours"]
    rates = {name: round(SMALL / value) for name, value in times.items()}
    return told(ratio >= 10, files=SMALL, files_per_s=rates, times_faster=round(ratio, 1))


def m5(bench: Bench, work: Path) -> dict[str, object]:
    """One byte of the file on the wire, at seeded places."""
    from tests.support.flipping import Proxy

    size = 24_000_000
    place = work / "m5"
    place.mkdir()
    data = noise(size, 5)
    (place / "a.bin").write_bytes(data)
    bench.declare("hana/m5", place)
    right, theirs_wrong, theirs_found = 0, 0, 0
    one = (
        "from huggingface_hub import hf_hub_download as h;"
        "print(h('hana/m5', 'a.bin', repo_type='dataset'))"
    )
    for seed in range(FLIPS):
        at = random.Random(seed).randrange(size // 10, size - 1_000)
        with Proxy(bench.url, flip_at=at) as proxy:
            out = work / f"m5-{seed}"
            done = bench.get("hana/m5", str(out), url=proxy.url)
            right += done.returncode == 0 and (out / "a.bin").read_bytes() == data
            assert proxy.flipped
        shutil.rmtree(out)
    for seed in range(min(FLIPS, 10)):
        at = random.Random(seed).randrange(size // 10, size - 1_000)
        with Proxy(bench.url, flip_at=at) as proxy:
            home = work / f"m5-home-{seed}"
            try:
                path = bench.python(one, home, proxy.url, HF_HUB_DISABLE_XET="1").strip()
                theirs_wrong += Path(path).read_bytes() != data
            except RuntimeError:
                theirs_found += 1
        shutil.rmtree(home)
    return told(
        right == FLIPS, flips=FLIPS, found_and_repaired=right,
        http_client_took_wrong_bytes=theirs_wrong, http_client_noticed=theirs_found,
    )  # fmt: skip


def m6(bench: Bench, work: Path) -> dict[str, object]:
    """New bytes by LFS over HTTP, committed and sealed; the floor is on the same disk.

    The client's own part is the same sending to a server that reads and forgets. Seconds of
    processors say what a machine that others use hides.
    """
    size = MB * 1_000_000
    bench.api("/api/repos/create", {"name": "m6", "organization": "hana", "private": False})
    path, copy = work / "m6", work / "m6-copy"
    times: dict[str, list[float]] = {"floor": [], "ours": [], "sending": []}
    used: dict[str, list[float]] = {"floor": [], "ours": [], "sending": []}

    def floor() -> None:
        subprocess.run(["cp", path, copy], check=True)
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        subprocess.run(["sha256sum", copy], check=True, capture_output=True)

    def ours() -> None:
        batch = bench.api(
            "/datasets/hana/m6.git/info/lfs/objects/batch",
            {"objects": [{"oid": oid, "size": size}]},
        )
        send(batch["objects"][0]["actions"]["upload"]["href"], path, size)
        lines = [
            {"key": "header", "value": {"summary": "s"}},
            {"key": "lfsFile",
             "value": {"path": f"{number}.bin", "oid": oid, "algo": "sha256", "size": size}},
            {"key": "deletedFile", "value": {"path": f"{number - 1}.bin"}},
        ]  # fmt: skip
        body = "\n".join(json.dumps(line) for line in lines).encode()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        commit = f"{bench.url}/api/datasets/hana/m6/commit/main"
        urllib.request.urlopen(urllib.request.Request(commit, body, headers)).close()
        bench.api("/api/v1/datahub/sets/hana/m6/versions", {"number": f"1.{number}"})

    def sending() -> None:
        send(f"{forgetful}/x", path, size)

    with forgetting() as forgetful:
        for number in range(ROUNDS):
            noise_file(path, size, 60 + number)
            oid = hashlib.sha256(path.read_bytes()).hexdigest()
            parts = [("floor", floor), ("ours", ours), ("sending", sending)]
            for name, part in parts[:: 1 if number % 2 == 0 else -1]:
                before = processor_s()
                times[name].append(seconds(part))
                used[name].append(processor_s() - before)
    wall = {name: round(statistics.median(values), 2) for name, values in times.items()}
    processors = {name: round(statistics.median(values), 2) for name, values in used.items()}
    ratio = statistics.median(times["floor"]) / statistics.median(times["ours"])
    return told(
        ratio >= 0.9, mb=MB, of_the_floor=round(ratio, 2), seconds=wall,
        processor_seconds=processors,
        note="ours: sent, cut, hashed, synced, committed, and read once more by the seal",
    )  # fmt: skip


def processor_s() -> float:
    """Of this process and of all below it, living or over: the portal among them."""
    ticks = 0
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(one) for one in (task / "children").read_text().split()]
        except FileNotFoundError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


FORGETTING = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    line, data = server.accept()[0], b""
    while b"\\r\\n\\r\\n" not in data:
        data += line.recv(65536)
    head, _, rest = data.partition(b"\\r\\n\\r\\n")
    left = int(head.lower().partition(b"content-length:")[2].split()[0]) - len(rest)
    room = bytearray(1024 * 1024)
    while left > 0:
        left -= line.recv_into(room)
    line.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    line.close()
"""


@contextmanager
def forgetting():
    """The address of a server that reads what it is sent, and keeps nothing."""
    words = [sys.executable, "-c", FORGETTING]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def send(link: str, path: Path, size: int) -> None:
    """A PUT whose body the system sends, as clients in C do."""
    address = urllib.parse.urlsplit(link)
    connection = http.client.HTTPConnection(address.netloc)
    connection.putrequest("PUT", address.path)
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    with path.open("rb") as body:
        connection.sock.sendfile(body)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


def noise_file(path: Path, size: int, seed: int) -> None:
    """Settled, so that what is measured next does not pay for writing it."""
    with path.open("wb") as file:
        file.write(noise(size, seed))
        os.fsync(file.fileno())


def m7(_bench: Bench, _work: Path) -> dict[str, object]:
    """Schema, labels, personal data and equal rows over one table, by both."""
    import polars as pl

    from madang.datahub.quality.files import Table
    from madang.datahub.quality.personal import hits_of

    rng = random.Random(7)
    labels = ["긍정", "부정", "중립"]
    texts = [
        f"오늘 {rng.randrange(10**6)}번 버스를 탔습니다 그리고 걸었다" for _ in range(ROWS)
    ]
    planted = rng.sample(range(ROWS), 1_000)
    for number, at in enumerate(planted):
        texts[at] += _identifier(rng, number)
    rows = [(texts[n], labels[n % 3]) for n in range(ROWS)]
    frame = pl.DataFrame(rows, schema=["text", "label"], orient="row")

    def ours() -> set[int]:
        frame.select(pl.col("label").is_in(labels).all(), pl.col("text").is_not_null().all())
        frame["label"].value_counts()
        frame.is_duplicated().sum()
        return {one.row for one in hits_of(Table("a.csv", frame))}

    patterns = [
        re.compile(r"(?<!\d)\d{6}[- ]?[1-8]\d{6}(?!\d)"),
        re.compile(r"(?<!\d)01[016789][- .]?\d{3,4}[- .]?\d{4}(?!\d)"),
        re.compile(r"(?<!\d)\d{3}-\d{2}-\d{5}(?!\d)"),
        re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
        re.compile(r"(?<!\d)\d{2,3}[가-힣]\s?\d{4}(?!\d)"),
        re.compile(r"(?<!\w)[MSRODG]\d{8}(?!\d)"),
        re.compile(r"(?<!\d)\d{2}-\d{2}-\d{6}-\d{2}(?!\d)"),
    ]

    def theirs() -> set[int]:
        seen, counts, found = set(), {}, set()
        for number, (text, label) in enumerate(rows):
            assert label in labels
            counts[label] = counts.get(label, 0) + 1
            seen.add((text, label))
            if any(pattern.search(text) for pattern in patterns):
                found.add(number)
        return found

    times = medians({"ours": ours, "theirs": theirs})
    hits = ours()
    offset = min(hits, default=0) - min(planted) if hits else 0
    wanted = {at + offset for at in planted}
    recall, false = len(hits & wanted) / 1_000, len(hits - wanted) / (ROWS - 1_000)
    ratio = times["theirs"] / times["ours"]
    return told(
        ratio >= 5 and recall == 1 and false <= 0.001, rows=ROWS, times_faster=round(ratio, 1),
        recall=recall, false_hits_share=round(false, 6),
    )  # fmt: skip


def _identifier(rng: random.Random, number: int) -> str:
    day = f"{rng.randrange(60, 99):02}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    return [
        f" {day}-1{rng.randrange(10**6):06}",
        f" 010-{rng.randrange(1000, 9999)}-{rng.randrange(1000, 9999)}",
        f" kim{number}@example.kr",
    ][number % 3]


def m8(bench: Bench, work: Path) -> dict[str, object]:
    """Over HTTP for the time, in this process for the bytes that are read from the store.

    Cold: the system has forgotten the store's files before each request.
    """
    import polars as pl

    place = work / "m8"
    place.mkdir()
    writers = {
        "a.csv": pl.DataFrame.write_csv,
        "a.parquet": lambda frame, path: frame.write_parquet(path, row_group_size=100_000),
    }
    for name, write in writers.items():
        write(_rows(100_000), place / name)
        each = (place / name).stat().st_size / 100_000
        write(_rows(round(MB * 1_000_000 / each)), place / name)
    bench.declare("hana/m8", place)
    figures, is_met = {}, True
    for name in writers:
        size = (place / name).stat().st_size
        read = _read_of_first_rows(name, hashlib.sha256((place / name).read_bytes()).digest())
        address = f"/api/datasets/hana/m8/rows?path={name}"
        sent = len(json.dumps(bench.api(address)).encode())
        warm = [seconds(lambda a=address: bench.api(a)) for _ in range(REQUESTS)]
        cold = []
        for _ in range(REQUESTS):
            forget(bench.folder / "hub")
            cold.append(seconds(lambda a=address: bench.api(a)))
        is_met &= size >= 100 * max(read, sent) and p95_ms(cold) <= 300 >= p95_ms(warm)
        figures[name] = {
            "bytes": size, "read": read, "sent": sent, "times_less": round(size / read),
            "p95_warm_ms": p95_ms(warm), "p95_cold_ms": p95_ms(cold),
        }  # fmt: skip
    return told(is_met, mb=MB, requests=2 * REQUESTS, tables=figures)


def _rows(count: int) -> object:
    """Text that neither repeats nor is noise."""
    import polars as pl

    return pl.DataFrame({"n": range(count)}).with_columns(
        pl.format("{} 글 {} {}", "n", pl.col("n").hash(1), pl.col("n").hash(2)).alias("text")
    )


def _read_of_first_rows(name: str, sha256: bytes) -> int:
    """Bytes that are read from the store for the first hundred rows."""
    from madang.datahub.contents import reading
    from madang.datahub.contents.models import Content
    from madang.datahub.preview.tables import rows_of

    part, read = reading.objects.part, []

    def counted(*words):
        data = part(*words)
        read.append(len(data))
        return data

    reading.objects.part = counted
    try:
        assert len(rows_of(name, Content.objects.get(pk=sha256)).rows) == 100
    finally:
        reading.objects.part = part
    return sum(read)


def forget(folder: Path) -> None:
    """The system's own copies of what is on the disk are given up."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def m9(bench: Bench, _work: Path) -> dict[str, object]:
    """Every kind: made, validated, one record read; the catalogue parsed back."""
    import logging

    import mlcroissant as mlc
    import rdflib

    from madang.datahub.sets.models import DataSet

    count = KINDS
    for number in range(count):
        _sealed_kind(number)
    logged: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: logged.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    made, wrong = [], 0
    for number in range(count):
        address = f"/api/datasets/hana/m9-{number:04}/croissant"
        start = time.perf_counter()
        document = bench.api(address)
        made.append(time.perf_counter() - start)
        found = mlc.Dataset(jsonld=document)
        issues = found.metadata.ctx.issues
        one = next(iter(found.records(found.metadata.record_sets[0].uuid)))
        wrong += bool(issues.errors or issues.warnings or len(one) != 2)
    with urllib.request.urlopen(f"{bench.url}/api/data/catalogue.jsonld") as answer:
        graph = rdflib.Graph().parse(data=answer.read(), format="json-ld")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    listed = len(set(graph.subjects(rdflib.RDF.type, dcat.Dataset)))
    public = DataSet.objects.filter(is_private=False).count()
    each = round(1000 * statistics.median(made), 1)
    return told(
        not wrong and not logged and each <= 40 and listed == public, kinds=count,
        with_faults=wrong, log_lines=len(logged), ms_each=each, p95_ms=p95_ms(made),
        in_catalogue=listed,
    )  # fmt: skip


def _sealed_kind(number: int) -> None:
    """A table and a card, in this process: what is measured is what comes after."""
    from madang.datahub.commits.actions import Change, commit
    from madang.datahub.contents.intake import Many
    from madang.datahub.sets.actions import create_data_set
    from madang.datahub.versions.actions import seal_version
    from madang.parties.actor import system_actor

    actor, at = system_actor("cli"), datetime.now(UTC)
    row = create_data_set(actor, code=f"hana/m9-{number:04}", is_private=False, at=at)
    row.licence = "KOGL-1"
    row.save(update_fields=["licence"])
    files = {
        "a.csv": f"글,n\n가{number},{number}\n",
        "README.md": f"# 자료 {number}\n\n설명 {number}\n",
    }
    many = Many(row, at)
    puts = [(path, many.add(text.encode())) for path, text in files.items()]
    many.close()
    head = commit(actor, row, Change(puts=puts, title="made"), at=at)
    seal_version(actor, row, head, number="1.0", at=at)


def m10(_bench: Bench, work: Path) -> dict[str, object]:
    """The same packages through the same checks, together and one by one."""
    from madang.datahub.catalogue.importing import import_ckan, packages_from
    from madang.datahub.commits.actions import Change, commit
    from madang.datahub.contents.intake import Announced, take_in
    from madang.datahub.sets.actions import create_data_set
    from madang.datahub.sets.models import Field
    from madang.parties.actor import system_actor

    actor, at = system_actor("cli"), datetime.now(UTC)

    def packages(label: str) -> list[bytes]:
        return [
            json.dumps({
                "name": f"{label}-{n}", "title": f"자료 {n}", "notes": f"설명 {n} " * 40,
                "tags": [{"name": f"tag{n % 7}"}], "license_id": "CC-BY-4.0",
                "resources": [{"name": "a", "url": f"https://example.org/{n}.csv"}],
            }).encode()
            for n in range(KINDS)
        ]  # fmt: skip

    def together() -> None:
        import_ckan(actor, packages("bulk"), organisation="hana", field=Field.OTHER, at=at)

    def one_by_one() -> None:
        for one in packages_from(packages("each"), "hana", Field.OTHER):
            row = create_data_set(actor, code=one.code, is_private=False, at=at)
            puts = []
            for path, data in one.files.items():
                content = take_in(row, [data], Announced(len(data)), at=at)
                puts.append((path, bytes(content.sha256)))
            commit(actor, row, Change(puts=puts, title="imported from CKAN"), at=at)

    slow, fast = seconds(one_by_one), seconds(together)
    from madang.datahub.commits.queries import commit_at
    from madang.datahub.commits.stored import tree_of
    from madang.datahub.sets.models import DataSet

    def paths(label: str) -> list[list[str]]:
        rows = DataSet.objects.filter(code__startswith=f"hana/{label}-").order_by("code")
        return [[e.path for e in tree_of(commit_at(row, "main")).walk()] for row in rows]

    assert paths("bulk") == paths("each")
    return told(
        slow >= 10 * fast, packages=KINDS, together_s=round(fast, 2),
        one_by_one_s=round(slow, 2), times_faster=round(slow / fast, 1),
    )  # fmt: skip


def m11(bench: Bench, work: Path) -> dict[str, object]:
    """Very many small files: sealed against find and sha256sum over the same tree."""
    import resource

    place = work / "m11"
    for number in range(FILES):
        if number % 1_000 == 0:
            folder = place / f"{number // 1_000:04}"
            folder.mkdir(parents=True)
        (folder / f"{number:07}.txt").write_bytes(f"{number} ".encode() * 20)
    taken = seconds(lambda: bench.declare("hana/m11", place))
    floor = medians(
        {
            "sums": lambda: subprocess.run(
                f"find {place} -type f -print0 | xargs -0 sha256sum | tail -1",
                shell=True,
                check=True,
                capture_output=True,
            )
        }
    )["sums"]
    seal = seconds(
        lambda: bench.api("/api/v1/datahub/sets/hana/m11/versions", {"number": "1.0"})
    )
    page = "/api/datasets/hana/m11/tree/main?recursive=true&limit=1000"
    samples = [seconds(lambda: bench.api(page)) for _ in range(40)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return told(
        seal <= 2 * floor and p95_ms(samples) <= 100, files=FILES, take_in_s=round(taken, 1),
        find_and_sums_s=round(floor, 2), seal_s=round(seal, 2),
        of_the_sums=round(seal / floor, 2), first_page_p95_ms=p95_ms(samples),
        peak_mb_of_children=peak,
    )  # fmt: skip


PARTS = {
    "M1": m1, "M2": m2, "M3": m3, "M4": m4, "M5": m5, "M6": m6, "M7": m7, "M8": m8, "M9": m9,
    "M10": m10, "M11": m11,
}  # fmt: skip


def main() -> int:
    results: dict[str, object] = {
        "cores": os.cpu_count(), "load": os.getloadavg(), "python": sys.version.split()[0]
    }  # fmt: skip
    with hub() as bench, tempfile.TemporaryDirectory(prefix="madang-bench-work-") as work:
        for name, part in PARTS.items():
            if ONLY and name not in ONLY:
                continue
            results[name] = found = part(bench, Path(work))
            print(
                name, "met" if found["met"] else "MISSED", json.dumps(found, ensure_ascii=False)
            )
            sys.stdout.flush()
    results["load_after"] = os.getloadavg()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    return 0 if all(one["met"] for one in results.values() if isinstance(one, dict)) else 1


if __name__ == "__main__":
    sys.exit(main())
