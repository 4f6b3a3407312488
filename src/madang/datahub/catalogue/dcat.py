"""The catalogue in DCAT-AP 3, as JSON-LD: one document, every public data set in it."""

from __future__ import annotations

from collections.abc import Iterable

from madang.datahub.catalogue.croissant import media_type
from madang.datahub.catalogue.facts import Described, address, licence_address
from madang.datahub.commits.stored import tree_of
from madang.datahub.sets.models import Access
from madang.parties.canonical import Json

FILES_MAX = 200
EU = "http://publications.europa.eu/resource/authority"
RIGHTS = {
    Access.OPEN: f"{EU}/access-right/PUBLIC",
    Access.GATED: f"{EU}/access-right/RESTRICTED",
    Access.SECURE: f"{EU}/access-right/NON_PUBLIC",
}
THEMES = {
    "speech-language": "TECH",
    "vision": "TECH",
    "healthcare": "HEAL",
    "driving": "TRAN",
    "land-environment": "ENVI",
    "agriculture": "AGRI",
    "safety": "JUST",
    "other": "TECH",
}
LANGUAGES = {"ko": "KOR", "en": "ENG", "ja": "JPN", "zh": "ZHO"}
CONTEXT: dict[str, Json] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "adms": "http://www.w3.org/ns/adms#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def catalogue(sets: Iterable[Described]) -> dict[str, Json]:
    return {
        "@context": CONTEXT,
        "@id": address("/api/data/catalogue.jsonld"),
        "@type": "dcat:Catalog",
        "dct:title": _texts("학습용 데이터", "Training data"),
        "dct:description": _texts(
            "인공지능 학습용 데이터 목록", "Training data for artificial intelligence"
        ),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": "Madang"},
        "dcat:dataset": [dcat_data_set(one) for one in sets],
    }


def dcat_data_set(one: Described) -> dict[str, Json]:
    row = one.data_set
    return {
        "@id": one.identifier,
        "@type": "dcat:Dataset",
        "dct:identifier": row.code,
        "dct:title": _texts(row.name_ko or row.code, row.name_en or row.code),
        "dct:description": one.card.description or one.name,
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": one.publisher},
        "dct:issued": _typed(one.published.isoformat(), "date"),
        "dct:modified": _typed(one.commit.at.isoformat(), "dateTime"),
        "dct:accessRights": {"@id": RIGHTS[Access(row.access)]},
        "dct:language": [
            {"@id": f"{EU}/language/{LANGUAGES[code]}"}
            for code in one.card.languages or ("ko",)
            if code in LANGUAGES
        ],
        "dcat:theme": {"@id": f"{EU}/data-theme/{THEMES[row.field]}"},
        "dcat:keyword": [row.field, *one.card.tags],
        "dcat:landingPage": {"@id": one.page},
        "dcat:version": one.number,
        "dcat:distribution": _distributions(one),
    }


def _distributions(one: Described) -> list[Json]:
    licence = licence_address(one.licence)
    told: list[Json] = []
    for entry in tree_of(one.commit).walk():
        if len(told) == FILES_MAX:
            break
        url = one.file(entry.path)
        told.append(
            {
                "@id": url,
                "@type": "dcat:Distribution",
                "dct:title": entry.path,
                "dcat:accessURL": {"@id": one.page},
                "dcat:downloadURL": {"@id": url},
                "dcat:mediaType": {
                    "@id": f"https://www.iana.org/assignments/media-types/{media_type(entry.path)}"
                },
                "dcat:byteSize": _typed(str(entry.size), "nonNegativeInteger"),
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": _typed(entry.sha256.hex(), "hexBinary"),
                },
                **({"dct:license": {"@id": licence}} if licence else {}),
            }
        )
    return told


def _texts(ko: str, en: str) -> list[Json]:
    return [{"@language": "ko", "@value": ko}, {"@language": "en", "@value": en}]


def _typed(value: str, kind: str) -> Json:
    return {"@type": f"xsd:{kind}", "@value": value}
