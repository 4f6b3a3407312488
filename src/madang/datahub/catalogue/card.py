"""The card of a data set: what its README says at its head, and in its first paragraph."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from madang.datahub.commits.models import Commit
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.preview.opening import beginning
from madang.datahub.quality.files import text_of

README = "README.md"
README_BYTES_MAX = 256 * 1024
HEAD_CHARACTERS_MAX = 32 * 1024
TEXT_CHARACTERS_MAX = 2_000
HEAD = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n?(.*)\Z", re.DOTALL)
RAI_KEYS = frozenset(
    {
        *("dataCollection", "dataCollectionType", "dataCollectionMissingData"),
        *("dataCollectionRawData", "dataCollectionTimeframe", "dataPreprocessingProtocol"),
        *("dataImputationProtocol", "dataManipulationProtocol", "dataAnnotationProtocol"),
        *("dataAnnotationPlatform", "dataAnnotationAnalysis", "annotationsPerItem"),
        *("annotatorDemographics", "machineAnnotationTools", "dataBiases", "dataUseCases"),
        *("dataLimitations", "dataSocialImpact", "personalSensitiveInformation"),
        "dataReleaseMaintenancePlan",
    }
)


@dataclass(frozen=True, slots=True)
class Card:
    """What its builders say of a data set. Everything may be missing."""

    description: str = ""
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    citation: str = ""
    rai: Mapping[str, str] = field(default_factory=dict)
    head: Mapping[str, object] = field(default_factory=dict)
    text: str = ""


EMPTY = Card()


def card_of(commit: Commit) -> Card:
    entry = tree_of(commit).find(README)
    if entry is None:
        return EMPTY
    data = beginning(Content.objects.get(pk=entry.sha256), README_BYTES_MAX)
    try:
        return card_from(text_of(data))
    except UnicodeDecodeError:
        return EMPTY


def card_from(text: str) -> Card:
    """A head that is no YAML says nothing; the text below it still does."""
    found = HEAD.match(text)
    head = _head(found.group(1)) if found else {}
    body = found.group(2) if found else text
    rai = head.get("rai")
    return Card(
        description=str(head.get("description") or _first_paragraph(body))[
            :TEXT_CHARACTERS_MAX
        ],
        tags=_texts(head.get("tags")),
        languages=_texts(head.get("language")),
        creators=_texts(head.get("creators") or head.get("authors")),
        citation=str(head.get("citation") or "")[:TEXT_CHARACTERS_MAX],
        rai={
            key: str(value)[:TEXT_CHARACTERS_MAX]
            for key, value in (rai.items() if isinstance(rai, dict) else ())
            if key in RAI_KEYS
        },
        head=head,
        text=body,
    )


def _head(text: str) -> dict[str, object]:
    if len(text) > HEAD_CHARACTERS_MAX or "&" in text:  # no aliases: they grow without end
        return {}
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return {}
    return {str(k): v for k, v in found.items()} if isinstance(found, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value] if value else []
    return tuple(str(one)[:200] for one in values[:50])


def _first_paragraph(text: str) -> str:
    for part in re.split(r"\n\s*\n", text):
        plain = part.strip()
        lines = [line for line in plain.splitlines() if not line.startswith("#")]
        if joined := " ".join(line.strip() for line in lines).strip():
            return joined
    return ""
