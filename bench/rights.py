"""The rights engine against protego, robotspy, datadiligence, a warcio + lxml pipeline and
the same with BeautifulSoup.

All ratios come from one run on the same generated inputs, as CPU time, best of three,
interleaved. The pipelines must find the same statements before their times are compared.

1. robots: ready rules, from address, parse; a hostile pattern (targets 5x, 3x, 2x, 1 ms).
2. pipeline: of fastwarc reading every body (target 0.60), against the peers (targets 6x and
   50x); half the pages on new hosts, each with a robots.txt of its own; peak memory of a whole
   scan in a process of its own (target 300 MB).
3. decisions: verdicts per second by vectors (target 100 M), equal to a row-by-row reference
   on a million random rows.
4. headers: our answers and datadiligence's on the public header vectors.
5. triage: the beginnings of pages against the whole (target 2x), its refusals a subset.
7. recheck: addresses re-decided after one in a hundred sites changed its file.
8. card: validated by mlcroissant where that is installed, counts read back.

    python -m bench rights        JSON to bench/results/rights.json

With MADANG_BENCH_SHAPES=1 it measures archives of other shapes instead: the ratio to bare
reading depends on how many sites are new, how long pages are and how many say something.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "rights.json"
VECTORS = ROOT / "tests" / "conformance" / "rights" / "vectors"
PAGES = int(os.environ.get("MADANG_BENCH_PAGES") or 3000)
HOSTS = int(os.environ.get("MADANG_BENCH_HOSTS") or PAGES // 2)
SOUP_PAGES = min(PAGES, 150)  # at a hundred pages a second, fewer are enough
CHECKED = int(os.environ.get("MADANG_BENCH_ROWS") or 1_000_000)
URLS = int(os.environ.get("MADANG_BENCH_URLS") or 40_000)
ROUNDS = int(os.environ.get("MADANG_BENCH_ROUNDS") or 3)
DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
MEMORY_MB_MAX = 300


def cpu(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def best(functions: dict[str, Callable[[], object]]) -> dict[str, float]:
    """CPU seconds of each, interleaved, the best round of each."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            times[name].append(cpu(function))
    return {name: min(values) for name, values in times.items()}


# --- robots --------------------------------------------------------------------------------


def robots_text(rng: random.Random) -> str:
    """A file as large sites have them: several groups, some wildcards, some sitemaps."""
    lines = []
    for token in ("*", "GPTBot", "CCBot", "FooBot", "Bytespider"):
        lines.append(f"User-agent: {token}")
        for _ in range(rng.randint(8, 24)):
            verb = rng.choice(["Disallow", "Disallow", "Allow"])
            path = "/".join(
                rng.choice(["search", "user", "api", "tag", "p", "x1"])
                for _ in range(rng.randint(1, 3))
            )
            lines.append(f"{verb}: /{path}{rng.choice(['', '', '/', '*', '/*.php$', '?q='])}")
        lines.append("")
    return "\n".join([*lines, "Sitemap: https://e.example/s.xml", ""])


def robots() -> dict[str, object]:
    import robots as robotspy
    from protego import Protego

    from madang.rights.protocols import robots as ours
    from madang.rights.protocols.matching import path_of

    rng = random.Random(1)
    texts = [robots_text(rng) for _ in range(200)]
    urls = [
        f"https://e.example/{rng.choice(['search', 'user/api', 'tag/p/x1', 'about'])}/"
        f"{rng.getrandbits(32):x}.html?q={n}"
        for n in range(400)
    ]
    paths = [path_of(url) for url in urls]
    encoded = [text.encode() for text in texts]
    ready = [ours.parse(text).matcher_for(b"FooBot") for text in encoded[:20]]
    peers = [Protego.parse(text) for text in texts[:20]]
    spies = [robotspy.RobotsParser.from_string(text) for text in texts[:20]]
    agree = sum(
        m.allows(p) == peer.can_fetch(u, "FooBot")
        for m, peer in zip(ready, peers, strict=True)
        for p, u in zip(paths, urls, strict=True)
    )
    times = best(
        {
            "ready": lambda: [m.allows(p) for m in ready for p in paths],
            "url": lambda: [m.allows(path_of(u)) for m in ready for u in urls],
            "protego": lambda: [p.can_fetch(u, "FooBot") for p in peers for u in urls],
            "robotspy": lambda: [s.can_fetch("FooBot", u) for s in spies[:4] for u in urls],
            "parse": lambda: [
                ours.parse(t).matcher_for(b"FooBot").allows(b"/x") for t in encoded
            ],
            "protego_parse": lambda: [
                Protego.parse(t).can_fetch("https://e.example/x", "FooBot") for t in texts
            ],
        }
    )
    count = len(ready) * len(urls)
    return {
        "matches_per_s": round(count / times["ready"]),
        "agreement_with_protego": agree / count,
        "ready_against_protego": times["protego"] / times["ready"],
        "url_against_protego": times["protego"] / times["url"],
        "url_against_robotspy": 5 * times["robotspy"] / times["url"],
        "parse_against_protego": times["protego_parse"] / times["parse"],
        "parses_per_s": round(len(texts) / times["parse"]),
        "hostile_pattern_ms": hostile_ms(),
        "targets": {
            "ready_against_protego": 5,
            "url_against_protego": 3,
            "parse_against_protego": 2,
            "hostile_pattern_ms": 1,
        },
    }


def hostile_ms() -> float:
    from madang.rights.protocols import robots as ours

    file = ours.parse(b"User-agent: *\nDisallow: /" + b"a*" * 12 + b"b$\n")
    path = b"/" + b"a" * 2000
    file.allows(b"x", path)
    return (
        1000
        * min(cpu(lambda: [file.allows(b"x", path) for _ in range(100)]) for _ in range(3))
        / 100
    )


# --- the pipeline --------------------------------------------------------------------------


def floor(path: Path) -> None:
    from fastwarc.warc import ArchiveIterator

    for record in ArchiveIterator(str(path), parse_http=True, fsspec_args=False):
        record.reader.read()


def by_lxml(body: bytes) -> Iterator[tuple[str, bool]]:
    import lxml.html

    document = lxml.html.fromstring(body)
    for meta in document.iter("meta"):
        name = (meta.get("name") or "").lower()
        content = (meta.get("content") or "").lower()
        yield "noai-meta", name == "robots" and "noai" in content
        yield "tdm-meta", name == "tdm-reservation" and content == "1"
    yield "licence", bool(document.xpath("//a[@rel='license']"))


def by_soup(body: bytes) -> Iterator[tuple[str, bool]]:
    from bs4 import BeautifulSoup

    document = BeautifulSoup(body, "lxml")
    for meta in document.find_all("meta"):
        name = (meta.get("name") or "").lower()
        content = (meta.get("content") or "").lower()
        yield "noai-meta", name == "robots" and "noai" in content
        yield "tdm-meta", name == "tdm-reservation" and content == "1"
    yield "licence", bool(document.find_all("a", rel="license"))


def peer(path: Path, read: Callable[[bytes], Iterator[tuple[str, bool]]]) -> Counter[str]:
    """What a careful team writes today: warcio, protego, datadiligence, a parser."""
    from datadiligence.rules import TDMRepHeader, XRobotsTagHeader
    from protego import Protego
    from requests.structures import CaseInsensitiveDict
    from warcio.archiveiterator import ArchiveIterator

    noai, tdm = XRobotsTagHeader(), TDMRepHeader()
    files: dict[str, object] = {}
    found: Counter[str] = Counter()
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type != "response":
                continue
            url = record.rec_headers.get_header("WARC-Target-URI")
            body = record.content_stream().read()
            host = url.split("/")[2]
            if url.endswith("/robots.txt"):
                files[host] = Protego.parse(body.decode("utf-8", "replace"))
                continue
            if url.endswith("/tdmrep.json"):
                continue
            headers = CaseInsensitiveDict(record.http_headers.headers)
            found["noai-header"] += not noai.is_allowed(headers=headers)
            found["tdm-header"] += not tdm.is_allowed(headers=headers)
            rules = files.get(host)
            found["robots"] += rules is not None and not rules.can_fetch(url, "MadangBot")
            for name, is_said in read(body):
                found[name] += is_said
    return found


def ours_stage(path: Path, folder: Path) -> None:
    """The first pass as a scan does it: signals, evidence, tables on the disk."""
    from madang.rights.scan.stage import StageTask, stage

    for name in ("stage", "evidence"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    list(stage(StageTask(str(folder), 0, str(path), 0, 0, "", "MadangBot", "")))


def settings(*inputs: Path, head_bytes: int = 0):
    from madang.rights.derive import OBSERVED
    from madang.rights.facts import Purpose
    from madang.rights.rules import Profile
    from madang.rights.scan.run import Settings

    declared = replace(OBSERVED, purpose=Purpose.COMMERCIAL)
    return Settings(
        tuple(map(str, inputs)),
        ("eu-art4", "kr-current", "jp-30-4"),
        Profile.DEFAULT,
        declared,
        DAY,
        head_bytes=head_bytes,
    )


def whole(path: Path, folder: Path, head_bytes: int = 0) -> dict[str, object]:
    from madang.rights.scan.run import Work, scan

    wanted = settings(path, head_bytes=head_bytes)
    return scan(folder, wanted, now=NOW, work=Work(), tell=lambda *_: None)


def ours_found(folder: Path) -> Counter[str]:
    """The same statements as the peer's, from our tables."""
    import pyarrow.parquet as pq

    texts = {
        r["vector"]: r["signals"] for r in pq.read_table(folder / "vectors.parquet").to_pylist()
    }
    names = {
        "noai-header": "noai/page@header=no",
        "tdm-header": "tdmrep/reservation@header=no",
        "robots": "robots/train@file=no",
        "noai-meta": "noai/page@html=no",
        "tdm-meta": "tdmrep/reservation@html=no",
        "licence": "licence/id@html=CC",
    }
    found: Counter[str] = Counter()
    for path in (folder / "records").glob("*.parquet"):
        for number in pq.read_table(path)["vector_now"].to_pylist():
            found.update(name for name, text in names.items() if text in texts[number])
    return found


def pipeline(folder: Path) -> dict[str, object]:
    from madang.rights import sample

    path = folder / "bench.warc.gz"
    sample.write(path, sample.Plan(PAGES, HOSTS, seed=3, quiet_percent=92))
    small = folder / "soup.warc.gz"
    sample.write(small, sample.Plan(SOUP_PAGES, SOUP_PAGES // 2, seed=3, quiet_percent=92))
    summary = whole(path, folder / "first")
    mine, theirs = ours_found(folder / "first"), +peer(path, by_lxml)
    whole(small, folder / "small")
    same = {name: mine[name] for name in theirs} == dict(theirs)
    soup, ours = +peer(small, by_soup), ours_found(folder / "small")
    same = same and {name: ours[name] for name in soup} == dict(soup)
    rounds = iter(range(1000))
    times = best(
        {
            "floor": lambda: floor(path),
            "stage": lambda: ours_stage(path, folder / f"s{next(rounds)}"),
            "scan": lambda: whole(path, folder / f"w{next(rounds)}"),
            "peer": lambda: peer(path, by_lxml),
            "soup": lambda: peer(small, by_soup),
        }
    )
    soup_s = times["soup"] * PAGES / SOUP_PAGES
    return {
        "pages": PAGES,
        "archive_mb": round(path.stat().st_size / 1e6, 1),
        "vectors": summary["vectors"],
        "same_statements_found": same,
        "pages_per_s": round(PAGES / times["scan"]),
        "stage_of_floor": times["floor"] / times["stage"],
        "scan_of_floor": times["floor"] / times["scan"],
        "scan_against_peer": times["peer"] / times["scan"],
        "scan_against_soup": soup_s / times["scan"],
        "peak_memory_mb": peak_memory_mb(path, folder / "memory"),
        "targets": {
            "scan_of_floor": 0.6,
            "scan_against_peer": 6,
            "scan_against_soup": 50,
            "peak_memory_mb": 300,
        },
    }


# --- other archives ------------------------------------------------------------------------

SHAPES: dict[str, dict[str, object]] = {
    "usual": {},
    "usual_other_seed": {"seed": 11},
    "one_page_a_site": {"hosts": 1500},
    "71_sites": {"hosts": 71},
    "pages_of_5_kb": {"page_bytes": 5_000},
    "100_pages_of_1_mb": {"pages": 100, "hosts": 50, "page_bytes": 1_000_000},
    "not_compressed": {"compress": False},
    "every_site_of_another_habit": {"quiet_percent": 0},
}


def shapes(folder: Path) -> dict[str, dict[str, float]]:
    """The same ratios for archives that differ in one thing each."""
    from madang.rights import sample
    from madang.rights.scan.run import HEAD_BYTES

    found = {}
    usual = {"pages": 1500, "hosts": 750, "seed": 5, "quiet_percent": 92}
    rounds = iter(range(1000))
    for name, changes in SHAPES.items():
        plan = sample.Plan(**{**usual, **changes})
        path = folder / f"{name}.warc{'.gz' if plan.compress else ''}"
        sample.write(path, plan)
        times = best(
            {
                "floor": lambda path=path: floor(path),
                "scan": lambda path=path: whole(path, folder / f"w{next(rounds)}"),
                "head": lambda path=path: whole(path, folder / f"h{next(rounds)}", HEAD_BYTES),
                "peer": lambda path=path: peer(path, by_lxml),
            }
        )
        found[name] = {
            "scan_of_floor": round(times["floor"] / times["scan"], 2),
            "scan_against_peer": round(times["peer"] / times["scan"], 1),
            "head_against_whole": round(times["scan"] / times["head"], 2),
        }
        print(name, found[name], flush=True)
        path.unlink()
    return found


# --- triage --------------------------------------------------------------------------------


def reserved(folder: Path) -> set[str]:
    """Addresses that EU-ART4 reserves against training."""
    import pyarrow.parquet as pq

    column = "eu-art4.train"
    return {
        row["url"]
        for path in (folder / "records").glob("*.parquet")
        for row in pq.read_table(path, columns=["url", column]).to_pylist()
        if row[column] == "reserved"
    }


def triage(folder: Path) -> dict[str, object]:
    from madang.rights.scan.run import HEAD_BYTES

    path, rounds = folder / "bench.warc.gz", iter(range(1000))
    whole(path, folder / "head", HEAD_BYTES)
    head, full = reserved(folder / "head"), reserved(folder / "first")
    assert head <= full
    times = best(
        {
            "head": lambda: whole(path, folder / f"h{next(rounds)}", HEAD_BYTES),
            "full": lambda: whole(path, folder / f"f{next(rounds)}"),
        }
    )
    return {
        "head_bytes": HEAD_BYTES,
        "reserved_by_head": len(head),
        "reserved_by_whole": len(full),
        "head_against_whole": times["full"] / times["head"],
        "targets": {"head_against_whole": 2},
    }


# --- the card ------------------------------------------------------------------------------


def carded(folder: Path) -> dict[str, object]:
    """The card of the benchmark's own scan, read by somebody else's validator."""
    from madang.rights import card

    made = card.make(
        folder / "first", "kr-current", name="bench/crawl", contact="rights@e.example", now=NOW
    )
    document = made.croissant()
    files = [str(path.name) for path in card.write(made, folder / "first")]
    try:
        import mlcroissant

        mlcroissant.Dataset(jsonld=document)
        validated = "valid"
    except ImportError:
        validated = "mlcroissant is not installed"
    counts = {act: dict(row) for act, row in made.counts.items()}
    return {
        "files": files,
        "mlcroissant": validated,
        "counts_read_back": card.counts_of(document) == counts,
    }


PROGRAM = (
    "import sys; from pathlib import Path; from bench import rights; "
    "rights.whole(Path(sys.argv[1]), Path(sys.argv[2])); print(rights.own_peak_mb())"
)


def own_peak_mb() -> float:
    """What this program itself took: `ru_maxrss` would count the parent it was forked from."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def peak_memory_mb(path: Path, folder: Path) -> float:
    """The peak of a whole scan in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), str(folder)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return round(float(done.stdout), 1)


# --- decisions -----------------------------------------------------------------------------


def decisions() -> dict[str, object]:
    """Distinct vectors are decided, verdicts are taken from the matrix by number."""
    import numpy as np

    from madang.rights.rules import load
    from madang.rights.scan.judge import Judge, Vectors

    vectors, rng = Vectors(), random.Random(2)
    slots = [
        "aipref/train-ai@header",
        "noai/page@html",
        "tdmrep/reservation@file",
        "content-signal/ai-train@robots",
        "robots/named@file",
        "site/robots@file",
    ]
    while len(vectors.all) < 400:
        chosen = sorted(rng.sample(slots, rng.randint(0, 4)))
        vectors.number(";".join(f"{s}={_value(rng, s)}" for s in chosen))
    declared = settings().declared
    judges = [
        Judge(load(name), declared, DAY, vectors)
        for name in ("eu-art4", "kr-current", "jp-30-4", "sg-244", "us-107")
    ]
    rows = np.array([rng.randrange(len(vectors.all)) for _ in range(1_000_000)], dtype=np.int32)
    made: list[np.ndarray] = []

    def broadcast() -> None:
        made.clear()
        for judge in judges:
            matrix = np.ascontiguousarray(judge.codes(DAY).T)
            made.extend(np.take(column, rows) for column in matrix)

    seconds = best({"broadcast": broadcast})["broadcast"]
    decided = time.process_time()
    for row, vector in enumerate(rows[:CHECKED].tolist()):  # each row under one regime in turn
        number = row % len(judges)
        rules, day = judges[number].rules, judges[number].day_for(DAY)
        for act, code in enumerate(reference(rules, vectors.all[vector], declared, day)):
            assert made[number * 5 + act][row] == code
    row_by_row = 5 * CHECKED / (time.process_time() - decided)
    return {
        "verdicts_per_s": round(len(rows) * len(made) / seconds),
        "rows": len(rows),
        "vectors": len(vectors.all),
        "row_by_row_verdicts_per_s": round(row_by_row),
        "rows_equal_to_row_by_row": CHECKED,
        "targets": {"verdicts_per_s": 100_000_000},
    }


def reference(rules, text: str, declared, day: date) -> list[int]:
    """One record decided for itself: its text parsed, its facts derived, every act decided."""
    from madang.rights.scan.judge import CODE_OF, judged
    from madang.rights.signals import parse_vector

    found = judged(parse_vector(text), declared, rules, day)
    return [CODE_OF[verdict.verdict] for verdict in found.values()]


def _value(rng: random.Random, slot: str) -> str:
    if slot.startswith("site/"):
        return rng.choice(["present", "absent", "unestablished"])
    return rng.choice(["yes", "no", "malformed", "conflict", "unknown"])


# --- headers against datadiligence ---------------------------------------------------------


def header_scores() -> dict[str, object]:
    """Right answers on the public vectors that are headers only: reserved or not."""
    from datadiligence.rules import TDMRepHeader, XRobotsTagHeader

    from madang.rights.derive import OBSERVED, statements_of
    from madang.rights.observe import Response, observe

    total = mine = theirs = 0
    for name, rule in (("noai", XRobotsTagHeader()), ("tdmrep", TDMRepHeader())):
        for case in json.loads((VECTORS / f"{name}.json").read_text())["vectors"]:
            if set(case["given"]) != {"headers"} or case["expect"]["train"] not in (
                "no",
                "yes",
                None,
            ):
                continue
            lines = [tuple(pair) for pair in case["given"]["headers"]]
            said = statements_of(
                observe(Response("https://e", 200, lines, b"")).vector, OBSERVED
            )
            reserved = case["expect"]["train"] == "no"
            total += 1
            mine += any(s.value == "no" for s in said if s.protocol == name) == reserved
            theirs += (not rule.is_allowed(headers=dict(lines))) == reserved
    return {"vectors": total, "ours_right": mine, "datadiligence_right": theirs}


# --- recheck -------------------------------------------------------------------------------


def rechecked(folder: Path) -> dict[str, object]:
    """Many addresses, one in a hundred sites with a new robots.txt."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from madang.rights.scan.recheck import recheck

    hosts = URLS // 10
    urls = [f"https://h{n % hosts}.example/{n}.html" for n in range(URLS)]
    at = "2026-11-24T00:00:00Z"
    files = [
        f"https://h{n}.example{name}"
        for n in range(hosts)
        for name in ("/robots.txt", "/.well-known/tdmrep.json")
    ]
    table = pa.table(
        {
            "url": [*files, *urls],
            "status": [*[200, 404] * hosts, *[200] * URLS],
            "html": [*["User-agent: *\nAllow: /\n", ""] * hosts, *["<p>text</p>"] * URLS],
            "fetched_at": [at] * (len(files) + URLS),
        }
    )
    pq.write_table(table, folder / "urls.parquet")
    whole(folder / "urls.parquet", folder / "scan")
    news = pa.table(
        {
            "url": [f"https://h{n}.example/robots.txt" for n in range(0, hosts, 100)],
            "html": ["User-agent: *\nDisallow: /\n"] * len(range(0, hosts, 100)),
            "fetched_at": ["2026-11-25T00:00:00Z"] * len(range(0, hosts, 100)),
        }
    )
    pq.write_table(news, folder / "news.parquet")
    start = time.process_time()
    summary = recheck(
        folder / "scan",
        [str(folder / "news.parquet")],
        as_of=DAY,
        now=NOW,
        tell=lambda *_: None,
    )
    seconds = time.process_time() - start
    return {
        "addresses": URLS,
        "sites_changed": summary["sites_touched"],
        "rows_changed": summary["rows_changed"],
        "cpu_s": round(seconds, 2),
        "cpu_s_per_million": round(seconds * 1e6 / URLS, 1),
        "targets": {"cpu_s_per_million": 10},
    }


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as made:
        folder = Path(made)
        if os.environ.get("MADANG_BENCH_SHAPES") == "1":
            print(json.dumps({"shapes": shapes(folder)}, indent=2))
            return 0
        (folder / "recheck").mkdir()
        result = {
            "robots": robots(),
            "pipeline": pipeline(folder),
            "triage": triage(folder),
            "card": carded(folder),
            "decisions": decisions(),
            "headers": header_scores(),
            "recheck": rechecked(folder / "recheck"),
        }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    pipe = result["pipeline"]
    good = pipe["same_statements_found"] and pipe["peak_memory_mb"] <= MEMORY_MB_MAX
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
