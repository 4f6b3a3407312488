"""Each target measured: what was wanted, what was found, and whether that is enough."""

from __future__ import annotations

import io
import math
import wave
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

import polars as pl

from madang.core.errors import Words
from madang.datahub.errors import CheckImpossible
from madang.datahub.quality import targets as wanted
from madang.datahub.quality.files import Files, column, matching, tables
from madang.datahub.quality.likeness import similar_pairs
from madang.datahub.quality.personal import RULES_VERSION, Hit, hits_of
from madang.parties.canonical import Json

PLACES_TOLD_MAX = 200
NO_MEDIA = Words(
    "the pattern takes no image or sound", "이 무늬에 맞는 그림이나 소리 파일이 없습니다"
)
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
KINDS: dict[str, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "date": pl.Date(),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One target and its result, as whole numbers."""

    code: str
    target: int
    result: int
    is_met: bool
    detail: Json


def schema(files: Files, target: wanted.Schema) -> Finding:
    wrong, places = 0, []
    for table in tables(files, target.files):
        bad = pl.Series([False]).new_from_index(0, table.frame.height)
        for name, kind in target.columns.items():
            values = column(table, name)
            bad = bad | (_unlike(values, kind) if kind != "text" else values.is_null())
        rows = bad.arg_true().to_list()
        wrong += len(rows)
        places += [f"{table.path}:{row + 1}" for row in rows[:PLACES_TOLD_MAX]]
    told: Json = {"rows": places[:PLACES_TOLD_MAX]}
    return Finding("schema", target.wrong_rows_max, wrong, wrong <= target.wrong_rows_max, told)


def _unlike(values: pl.Series, kind: str) -> pl.Series:
    if kind == "date":
        return values.str.to_date("%Y-%m-%d", strict=False).is_null()
    return values.cast(KINDS[kind], strict=False).is_null()


def completeness(files: Files, target: wanted.Completeness) -> Finding:
    """Promised against delivered."""
    if target.unit == "files":
        count = len(matching(files, target.files))
    else:
        count = sum(table.frame.height for table in tables(files, target.files))
    detail: Json = {"unit": target.unit, "permille": count * 1000 // target.promised}
    return Finding("completeness", target.promised, count, count >= target.promised, detail)


def uniqueness(files: Files, target: wanted.Uniqueness) -> Finding:
    frames = [
        pl.DataFrame([column(table, name) for name in target.columns])
        for table in tables(files, target.files)
    ]
    rows = pl.concat(frames)
    repeated = rows.height - rows.n_unique()
    is_met = repeated <= target.repeated_rows_max
    detail: Json = {"rows": rows.height, "columns": target.columns}
    return Finding("uniqueness", target.repeated_rows_max, repeated, is_met, detail)


def balance(files: Files, target: wanted.Balance) -> Finding:
    counts: Counter[str] = Counter()
    for table in tables(files, target.files):
        found = column(table, target.column).value_counts()
        counts.update({str(name): count for name, count in found.iter_rows()})
    total = sum(counts.values())
    entropy = -sum(n / total * math.log(n / total) for n in counts.values())
    permille = round(entropy * 1000 / math.log(len(counts))) if len(counts) > 1 else 0
    is_met = permille >= target.entropy_permille_min and len(counts) >= target.classes_min
    most = dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:PLACES_TOLD_MAX])
    detail: Json = {"classes": len(counts), "counts": most}
    return Finding("balance", target.entropy_permille_min, permille, is_met, detail)


def agreement(files: Files, target: wanted.Agreement) -> Finding:
    units: list[list[str]] = []
    for table in tables(files, target.files):
        frame = pl.DataFrame([column(table, name) for name in target.columns])
        units += [[value for value in row if value is not None] for row in frame.iter_rows()]
    alpha = alpha_permille(units)
    is_met = alpha >= target.alpha_permille_min
    return Finding("agreement", target.alpha_permille_min, alpha, is_met, {"rows": len(units)})


def alpha_permille(units: Sequence[Sequence[str]]) -> int:
    """Krippendorff's alpha for names; rows that fewer than two people labelled do not count."""
    totals: Counter[str] = Counter()
    apart = Fraction(0)
    for values in units:
        if len(values) < 2:
            continue
        counts = Counter(values)
        totals.update(counts)
        differing = len(values) ** 2 - sum(n * n for n in counts.values())
        apart += Fraction(differing, len(values) - 1)
    size = sum(totals.values())
    by_chance = size * size - sum(n * n for n in totals.values())
    if by_chance == 0:
        return 1000 if size else 0
    return math.floor((1 - apart * (size - 1) / by_chance) * 1000)


def near_duplicates(files: Files, target: wanted.NearDuplicates) -> Finding:
    texts, places = [], []
    for table in tables(files, target.files):
        for row, text in enumerate(column(table, target.column), start=1):
            texts.append(text or "")
            places.append(f"{table.path}:{row}")
    pairs = similar_pairs(texts, target.similarity_permille)
    again = len({later for _, later in pairs})
    permille = math.ceil(again * 1000 / len(texts)) if texts else 0
    told: Json = {
        "rows": again,
        "pairs": [[places[a], places[b]] for a, b in pairs[:PLACES_TOLD_MAX]],
    }
    is_met = permille <= target.permille_max
    return Finding("near_duplicates", target.permille_max, permille, is_met, told)


def leakage(files: Files, target: wanted.Leakage) -> Finding:
    """Rows whose value stands in an earlier split of the file's order too."""
    seen = pl.Series("text", [], dtype=pl.String)
    leaked: dict[str, int] = {}
    for name, pattern in target.splits.items():
        values = pl.concat(
            [
                column(t, target.column).rename("text").drop_nulls()
                for t in tables(files, pattern)
            ]
        ).str.strip_chars()
        leaked[name] = int(values.is_in(seen.implode()).sum())
        seen = pl.concat([seen, values]).unique()
    count = sum(leaked.values())
    return Finding("leakage", target.rows_max, count, count <= target.rows_max, {**leaked})


def media(files: Files, target: wanted.Media) -> Finding:
    names = [n for n in matching(files, target.files) if n.lower().endswith((*IMAGES, ".wav"))]
    if not names:
        raise CheckImpossible(file=target.files, reason=NO_MEDIA)
    bad = [name for name in names if not _decodes(name, files.read(name))]
    detail: Json = {"files": len(names), "unreadable": bad[:PLACES_TOLD_MAX]}
    is_met = len(bad) <= target.unreadable_max
    return Finding("media", target.unreadable_max, len(bad), is_met, detail)


def _decodes(name: str, data: bytes) -> bool:
    """Decoded to its last byte: a truncated picture opens well and fails later."""
    from PIL import Image  # noqa: PLC0415  heavy, and only for sets with pictures

    try:
        if name.lower().endswith(".wav"):
            with wave.open(io.BytesIO(data)) as sound:
                wanted_bytes = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
                return bool(len(sound.readframes(sound.getnframes())) == wanted_bytes)
        with Image.open(io.BytesIO(data)) as image:
            image.load()
    except (
        OSError,
        EOFError,
        ValueError,
        SyntaxError,
        wave.Error,
        Image.DecompressionBombError,
    ):
        return False
    return True


def personal(files: Files, target: wanted.Personal) -> Finding:
    hits: list[Hit] = []
    for table in tables(files, target.files):
        hits += hits_of(table)
    kinds = Counter(one.kind for one in hits)
    told: Json = {
        "rules": RULES_VERSION,
        "kinds": dict(sorted(kinds.items())),
        "hits": [asdict(one) for one in hits[:PLACES_TOLD_MAX]],
    }
    return Finding("personal", target.hits_max, len(hits), len(hits) <= target.hits_max, told)
