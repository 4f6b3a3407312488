"""What the builders wrote about a data set, drawn into the page below its own headings."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

README_CHARACTERS_MAX = 64 * 1024
DEEPER, DEEPEST = 2, 6
READER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
"""No HTML of others and no pictures from elsewhere; links lead out by http and https alone."""


def readme_html(text: str) -> SafeString | str:
    """Headings go two steps down, for the page has its own first and second ones."""
    plain = text[:README_CHARACTERS_MAX].strip()
    if not plain:
        return ""
    tokens = READER.parse(plain)
    for one in tokens:
        if one.type in {"heading_open", "heading_close"}:
            one.tag = f"h{min(int(one.tag[1:]) + DEEPER, DEEPEST)}"
    html = READER.renderer.render(tokens, READER.options, {})
    return mark_safe(str(html))  # noqa: S308  the reader escapes what is no Markdown
