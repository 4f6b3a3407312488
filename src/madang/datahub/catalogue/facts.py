"""Everything that catalogues say of one data set, gathered once: each format only writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from django.conf import settings

from madang.core.clock import seoul_date
from madang.datahub.catalogue.card import Card, card_of
from madang.datahub.commits.models import Commit
from madang.datahub.preview.actions import version_facts
from madang.datahub.quality.models import QualityCheck
from madang.datahub.quality.queries import standing_check
from madang.datahub.sets.models import DataSet
from madang.datahub.versions.models import Version

LICENCES = {
    "KOGL-0": "https://www.kogl.or.kr/info/license.do",
    "KOGL-1": "https://www.kogl.or.kr/info/licenseType1.do",
    "KOGL-2": "https://www.kogl.or.kr/info/licenseType2.do",
    "KOGL-3": "https://www.kogl.or.kr/info/licenseType3.do",
    "KOGL-4": "https://www.kogl.or.kr/info/licenseType4.do",
}


@dataclass(frozen=True, slots=True)
class Described:
    """One data set at one commit, as this reader gets it."""

    data_set: DataSet
    commit: Commit
    version: Version | None
    card: Card
    facts: dict[str, object]
    check: QualityCheck | None
    published: date

    @property
    def number(self) -> str:
        """Of the version; a draft counts its commits behind 0.0."""
        return self.version.number if self.version else f"0.0.{self.commit.number}"

    @property
    def licence(self) -> str:
        """The licence belongs to the version, whatever the set says now."""
        return self.version.licence if self.version else self.data_set.licence

    @property
    def name(self) -> str:
        row = self.data_set
        return row.name_ko or row.name_en or row.code

    @property
    def publisher(self) -> str:
        owner = self.data_set.organisation
        return owner.name_ko if owner is not None else self.data_set.code.partition("/")[0]

    @property
    def page(self) -> str:
        return address(f"/data/sets/{self.data_set.code}/")

    @property
    def identifier(self) -> str:
        """Stays when names change and when files were taken back."""
        row = self.version or self.data_set
        return address(f"/data/id/{row.pk}")

    def file(self, path: str) -> str:
        return address(f"/datasets/{self.data_set.code}/resolve/{self.commit.id}/{quote(path)}")

    @property
    def citation(self) -> str:
        """The builders' own words, or the usual form."""
        who = ", ".join(self.card.creators) or self.publisher
        return self.card.citation or (
            f"{who} ({self.published.year}). {self.name} (v{self.number}) [Data set]. "
            f"{self.identifier}"
        )

    @property
    def bibtex(self) -> str:
        key = self.data_set.code.replace("/", "-")
        who = " and ".join(self.card.creators) or self.publisher
        fields = {
            "author": who,
            "title": self.name,
            "year": str(self.published.year),
            "version": self.number,
            "publisher": "Madang",
            "url": self.identifier,
        }
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@misc{{{key}-{self.number},\n{lines}\n}}\n"


def address(path: str) -> str:
    return f"{settings.PORTAL_URL}{path}"


def licence_address(code: str) -> str:
    """Where its text stands: ours for public works, SPDX's for the rest."""
    if not code:
        return ""
    return LICENCES.get(code.upper(), f"https://spdx.org/licenses/{code}.html")


def described(data_set: DataSet, commit: Commit, *, at: datetime) -> Described:
    version = Version.objects.filter(commit=commit).select_related("commit", "release").first()
    release = getattr(version, "release", None)
    opened = release.opened_at if release is not None else None
    when = opened or (version.sealed_at if version else commit.at)
    return Described(
        data_set,
        commit,
        version,
        card_of(commit),
        version_facts(version, at=at) if version else {},
        standing_check(version.digest) if version else None,
        seoul_date(when),
    )
