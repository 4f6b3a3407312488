"""A data set in Croissant 1.1 with its RAI terms; schema.org's Dataset is the same document.

Our own rules are stricter than the validator's: a licence, a description, a publisher, a size
and a SHA-256 for each file. Files beyond a thousand are counted and not listed.
"""

from __future__ import annotations

from itertools import islice

from madang.datahub.catalogue.facts import Described, address, licence_address
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.stored import tree_of
from madang.datahub.preview.tables import TABLES
from madang.datahub.sets.models import Access
from madang.parties.canonical import Json

FILES_MAX = 1_000
PAGE_FILES_MAX = 20
FORMATS = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "jsonl": "application/jsonlines",
    "ndjson": "application/jsonlines",
    "json": "application/json",
    "parquet": "application/x-parquet",
    "txt": "text/plain",
    "md": "text/markdown",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "zip": "application/zip",
    "pdf": "application/pdf",
}
KINDS = {
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "moment": "sc:DateTime",
}
SCHEMA_ORG = frozenset(
    {
        *("@id", "name", "alternateName", "description", "url", "identifier", "version"),
        *("datePublished", "license", "keywords", "inLanguage", "isAccessibleForFree"),
        *("conditionsOfAccess", "creator", "publisher"),
    }
)
CR = "cr:"
CONTEXT: dict[str, Json] = {
    "@language": "ko",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{
        word: f"{CR}{word}"
        for word in (
            *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract"),
            *(
                "field",
                "fileProperty",
                "fileObject",
                "fileSet",
                "format",
                "includes",
                "isArray",
            ),
            *("isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *("references", "regex", "repeated", "replace", "samplingRate", "separator"),
            *("source", "subField", "transform"),
        )
    },
}


def media_type(path: str) -> str:
    return FORMATS.get(path.rpartition(".")[2].lower(), "application/octet-stream")


def croissant(one: Described) -> dict[str, Json]:
    """JSON-LD. Records are described for sealed versions, whose columns are known."""
    row = one.data_set
    listed = _listed(one)
    names = {entry.path: f"file-{number}" for number, entry in enumerate(listed)}
    document: dict[str, Json] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "@id": one.identifier,
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": one.name,
        "alternateName": row.code,
        "description": one.card.description or one.name,
        "url": one.page,
        "identifier": one.identifier,
        "version": one.number,
        "datePublished": one.published.isoformat(),
        "license": licence_address(one.licence) or "https://spdx.org/licenses/NOASSERTION.html",
        "citeAs": one.citation,
        "keywords": [row.field, *one.card.tags],
        "inLanguage": list(one.card.languages) or ["ko"],
        "isAccessibleForFree": True,
        "conditionsOfAccess": Access(row.access).value,
        "creator": [{"@type": "sc:Organization", "name": who} for who in _creators(one)],
        "publisher": {"@type": "sc:Organization", "name": one.publisher, "url": address("/")},
        "distribution": [_file(one, entry, names[entry.path]) for entry in listed],
        "recordSet": list(_record_sets(one, names)),
    }
    return document | {f"rai:{key}": text for key, text in sorted(_rai(one).items())}


def for_page(one: Described) -> dict[str, Json]:
    """What stands in the head of the page: schema.org's Dataset with the first files."""
    document = croissant(one)
    files = document["distribution"]
    assert isinstance(files, list)
    shown = [file | {"@type": "DataDownload"} for file in files[:PAGE_FILES_MAX]]
    kept = {key: value for key, value in document.items() if key in SCHEMA_ORG}
    return kept | {"@context": "https://schema.org/", "@type": "Dataset", "distribution": shown}


def _creators(one: Described) -> list[str]:
    return list(one.card.creators) or [one.publisher]


def _listed(one: Described) -> list[Entry]:
    """Described tables first, then the others in the order of their paths."""
    tree = tree_of(one.commit)
    told = one.facts.get("tables", [])
    assert isinstance(told, list)
    paths = [str(table["path"]) for table in told if isinstance(table, dict)]
    found = [entry for entry in map(tree.find, paths) if entry is not None]
    told_of = set(paths)
    rest = (entry for entry in tree.walk() if entry.path not in told_of)
    return [*found, *islice(rest, FILES_MAX - len(found))]


def _file(one: Described, entry: Entry, name: str) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": entry.path,
        "contentUrl": one.file(entry.path),
        "contentSize": f"{entry.size} B",
        "encodingFormat": media_type(entry.path),
        "sha256": entry.sha256.hex(),
    }


def _record_sets(one: Described, names: dict[str, str]) -> list[Json]:
    told = one.facts.get("tables", [])
    assert isinstance(told, list)
    return [
        _record_set(table, names[str(table["path"])])
        for table in told
        if isinstance(table, dict)
        and table.get("columns")
        and str(table["path"]).endswith(TABLES)
    ]


def _record_set(table: dict[str, object], name: str) -> Json:
    columns = table["columns"]
    assert isinstance(columns, list)
    return {
        "@type": "cr:RecordSet",
        "@id": f"records-{name}",
        "name": str(table["path"]),
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"records-{name}/{number}",
                "name": str(column["name"]),
                "dataType": KINDS.get(str(column["kind"]), "sc:Text"),
                "source": {
                    "fileObject": {"@id": name},
                    "extract": {"column": str(column["name"])},
                },
            }
            for number, column in enumerate(columns)
            if isinstance(column, dict)
        ],
    }


def _rai(one: Described) -> dict[str, str]:
    """The builders' own words; and what a check of this very digest found about people."""
    told = dict(one.card.rai)
    if one.check is None or "personalSensitiveInformation" in told:
        return told
    for finding in one.check.report.get("findings", []):
        if finding["code"] == "personal":
            told["personalSensitiveInformation"] = (
                f"개인정보 검사 {finding['result']}건 / {finding['result']} hits of the check "
                f"{one.check.report_digest}"
            )
    return told
