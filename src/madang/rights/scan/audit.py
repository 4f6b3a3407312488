"""Proof that the tables say what the evidence says: roots, rows, then every verdict."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from madang.rights.errors import EvidenceAltered
from madang.rights.scan import evidence, sums
from madang.rights.scan.join import join_with
from madang.rights.scan.later import LATER, PAGES
from madang.rights.scan.recheck import RECHECKS, Scan, open_scan
from madang.rights.scan.review import decisions
from madang.rights.scan.stage import ERROR_SLOT, Journal
from madang.rights.scan.tables import check_stage
from madang.rights.signals import Signal, canonical, vector_of

EXPORTS = ("release", "card")  # made from a scan, each with the sums of its own files


def verify(folder: Path, *, rebuild: bool) -> dict[str, object]:
    """Check files, evidence and rows of a scan and its rechecks, and the chain of decisions;
    with `rebuild`, make all derived tables of the scan anew and compare.

    Raises EvidenceAltered at the first difference, ScanOutdated when an older version left
    what cannot be compared.
    """
    scan = open_scan(folder)
    try:
        return _verified(scan, rebuild=rebuild)
    except (OSError, ValueError, LookupError, TypeError, NotImplementedError) as err:
        # Files of a scan older than its sums, of which one cannot be read.
        raise EvidenceAltered(file=str(folder), reason=f"{type(err).__name__}: {err}") from err


def _verified(scan: Scan, *, rebuild: bool) -> dict[str, object]:
    parts = (scan.folder, *scan.rechecks())
    for one in (scan.folder / RECHECKS).glob("*"):
        sums.check_finished(one)
    folders = (*parts, *(scan.folder / name for name in EXPORTS))
    files = sum(sums.check(folder) for folder in folders)
    taken = decisions(scan.folder)
    root, blobs, rows = "", 0, 0
    for part in parts:
        before = [bytes.fromhex(root)] if root else []
        summary = json.loads((part / "summary.json").read_text(encoding="utf-8"))
        root = str(summary["evidence_root"])
        blobs += evidence.verify(part / "evidence", _lines(part), root, before)
        rows += sum(
            _rows_match(part, path)
            for kind in (PAGES, LATER)
            for path in sorted(part.glob(f"stage/*.{kind}.parquet"))
        )
    return {
        "ok": True,
        "files": files,
        "decisions": len(taken),
        "blobs": blobs,
        "rows": rows,
        "rebuilt": _rebuilt(scan) if rebuild else 0,
        "evidence_root": str(scan.summary["evidence_root"]),
    }


def _lines(folder: Path) -> list[dict[str, object]]:
    return sorted(
        Journal(folder / "journal.jsonl").lines(),
        key=lambda line: (int(str(line["input"])), int(str(line["chunk"]))),
    )


def _rows_match(folder: Path, path: Path) -> int:
    """Each row's signals follow from its evidence."""
    table = pq.read_table(path, columns=["signals", "evidence"], use_threads=False)
    pack = folder / "evidence" / f"{path.name.partition('.')[0]}.pack"
    blobs = dict(evidence.read_pack(pack))
    known: dict[bytes, str] = {}
    for row in table.to_pylist():
        digest = row["evidence"]
        if digest not in blobs:
            raise EvidenceAltered(file=path.name, reason=digest.hex())
        if digest not in known:
            known[digest] = signals_from(blobs[digest])
        if known[digest] != row["signals"]:
            raise EvidenceAltered(
                file=path.name, reason="a row says what its evidence does not"
            )
    return int(table.num_rows)


def signals_from(blob: bytes) -> str:
    """The vector that a page's stored statements make."""
    if not blob.startswith(b"{"):
        return f"{ERROR_SLOT}={blob.decode()}"
    found = []
    for slot, value, raw, note, _ in json.loads(blob)["elements"]:
        protocol, _, rest = slot.partition("/")
        label, _, carrier = rest.partition("@")
        found.append(Signal(protocol, label, value, carrier, raw, note))
    return canonical(vector_of(found)).decode()


def _rebuilt(scan: Scan) -> int:
    """Records, vectors, decisions and answers made again from the stage, compared whole."""
    check_stage(scan.folder)
    with tempfile.TemporaryDirectory(dir=scan.folder) as made:
        target = Path(made)
        join_with(scan.folder, target, scan)
        compared = 0
        for path in sorted(target.rglob("*.parquet")):
            kept = scan.folder / path.relative_to(target)
            if not kept.exists() or not pq.read_table(kept).equals(pq.read_table(path)):
                raise EvidenceAltered(file=str(path.relative_to(target)), reason="differs")
            compared += 1
        return compared
