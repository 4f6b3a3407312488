"""No page speaks half a language.

Goal: every sentence of code and templates has its Korean, the compiled catalogue is fresh, and
no template holds bare words outside the catalogue. Method: read the sources, not the pages.
"""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog

from madang.portal import translations

TEMPLATES = sorted((translations.HERE / "templates").rglob("*.html"))
COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", re.S)
BLOCK = re.compile(r"\{%\s*blocktranslate\b.*?endblocktranslate\s*%\}", re.S)
VERBATIM = re.compile(r"<(pre|code|script|style)\b.*?</\1>", re.S)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.S)
SPOKEN_ATTRIBUTE = re.compile(
    r'\b(?:aria-label|alt|title|placeholder|data-done|data-failed)="([^"]*)"'
)
MARKUP = re.compile(r"<[^>]*>|&\w+;", re.S)
LETTER = re.compile(r"[A-Za-z\uac00-\ud7a3]")


def test_every_sentence_has_its_korean():
    assert translations.untranslated(translations.catalogue()) == []


def test_the_catalogue_holds_exactly_what_is_asked_for():
    asked = {m if isinstance(m, str) else m[0] for m in translations.wanted_messages()}
    held = {
        item.id if isinstance(item.id, str) else item.id[0]
        for item in translations.catalogue()
        if item.id
    }
    assert held == asked


def test_the_compiled_catalogue_is_fresh():
    assert translations.MO.read_bytes() == translations.compiled(translations.catalogue())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_bare_words(path):
    text = path.read_text(encoding="utf-8")
    for pattern in (COMMENT, BLOCK, VERBATIM):
        text = pattern.sub(" ", text)
    text = TAG.sub(" ", text)
    spoken = [*SPOKEN_ATTRIBUTE.findall(text), MARKUP.sub(" ", text)]
    bare = [word for part in spoken for word in part.split() if LETTER.search(word)]
    assert bare == [], f"words outside the catalogue in {path.name}"


def test_a_missing_sentence_is_noticed():
    source = Catalog(locale="ko")
    source.add("Sign in", string="로그인")
    source.add("Sign out")
    assert translations.untranslated(source) == ["Sign out"]


def test_tags_of_every_form_are_read():
    text = (
        '{% translate "One" %}{% include x with label=_("Two") %}'
        "{% blocktranslate trimmed count n=n %}one {{ n }}{% plural %}many {{ n }}"
        "{% endblocktranslate %}"
    )
    found = list(translations.messages_of_template(text))
    assert found == ["One", "Two", ("one %(n)s", "many %(n)s")]
