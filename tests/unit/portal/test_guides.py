"""The first guides of each kind of person name what stands on the pages, in both languages.

Goal: a label that changes on a page, or a code that goes, cannot stay behind in a guide.
Method: whatever a guide writes as code is looked up in the portal's words of its language,
among the error codes, or in a short list of words that are neither.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from madang.portal import translations

ROOT = Path(__file__).parents[3]
GUIDES = {
    "en": {path.name: path for path in (ROOT / "docs/how-to").glob("getting-started-*.md")},
    "ko": {path.name: path for path in (ROOT / "docs/ko").glob("getting-started-*.md")},
}
README = {"en": ROOT / "README.md", "ko": ROOT / "README.ko.md"}
BLOCK = re.compile(r"```.*?```", re.S)
CODE = re.compile(r"`([^`\n]+)`")
NO_LABELS = {
    "curl",
    "openai",
    "max_tokens",
    "verify",
    "기관/이름@버전",
    "organisation/name@version",
}
EACH = [(language, name) for language, found in GUIDES.items() for name in sorted(found)]


def words(language: str) -> set[str]:
    found = set()
    for item in translations.catalogue():
        told = item.id if language == "en" else item.string
        found |= {told} if isinstance(told, str) else set(told)
    return found


def codes() -> set[str]:
    files = (ROOT / "src/madang").rglob("sentences.toml")
    return {code for file in files for code in tomllib.loads(file.read_text("utf-8"))}


@pytest.mark.parametrize(("language", "name"), EACH)
def test_guide_names_what_stands_on_the_pages(language: str, name: str) -> None:
    text = BLOCK.sub("", GUIDES[language][name].read_text(encoding="utf-8"))
    named = set(CODE.findall(text)) - NO_LABELS
    assert named - words(language) - codes() == set()
    assert len(named) > 3


@pytest.mark.parametrize(("language", "name"), EACH)
def test_front_page_leads_to_the_guide(language: str, name: str) -> None:
    path = GUIDES[language][name].relative_to(ROOT)
    assert f"({path})" in README[language].read_text(encoding="utf-8")


def test_guides_are_told_in_both_languages_by_the_same_steps() -> None:
    assert GUIDES["en"].keys() == GUIDES["ko"].keys()
    for name, english in GUIDES["en"].items():
        shapes = [shape(path.read_text("utf-8")) for path in (english, GUIDES["ko"][name])]
        assert shapes[0] == shapes[1], name


def shape(text: str) -> list[str]:
    """Headings by level, steps, and rows of tables, in order."""
    return re.findall(r"^(#+|\d\.|\*|\|)(?= |-)", text, re.M)
