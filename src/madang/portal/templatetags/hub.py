"""What pages of the training-data hub need beside the common components."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.core.errors import Words
from madang.datahub.models import DataSet
from madang.portal.pages.data.pictures import Panel
from madang.portal.sentences import spoken

register = template.Library()
KINDS: tuple[tuple[str, str | Promise], ...] = (
    ("target", _("target")),
    ("promised", _("promised by contract")),
    ("delivered", _("delivered, accepted")),
    ("published", _("opened, as a source says")),
)
ACCESS: dict[str, tuple[str | Promise, str]] = {
    "open": (_("open to everybody"), "success"),
    "gated": (_("on application"), "warning"),
    "secure": (_("secure room only"), "danger"),
}
BYTE_STEPS = ("B", "KB", "MB", "GB", "TB", "PB")


@register.inclusion_tag("data/panels.html")
def plan_panels(panels: Sequence[Panel]) -> dict[str, object]:
    """Panels of bars with one legend below them."""
    drawn = {bar.kind for one in panels for group in one.groups for bar in group.bars}
    return {"panels": panels, "kinds": [(kind, name) for kind, name in KINDS if kind in drawn]}


@register.inclusion_tag("data/panels.html")
def count_panels(panels: Sequence[Panel]) -> dict[str, object]:
    """Panels of counts without a legend: each bar has its name beside it."""
    return {"panels": panels, "is_counts": True}


@register.inclusion_tag("components/badge.html")
def access_badge(access: str) -> dict[str, str]:
    """Who may have the files."""
    label, tone = ACCESS[access]
    return {"label": str(label), "tone": tone}


@register.filter
def named(row: DataSet) -> str:
    """In the reader's language, else in the other one, else as clients write it."""
    first, other = (row.name_en, row.name_ko)
    if spoken() == "ko":
        first, other = other, first
    return first or other or row.code


@register.filter
def worded(words: Words) -> str:
    return words.ko if spoken() == "ko" else words.en


@register.filter
def bytes_about(size_bytes: int) -> str:
    """A size for people, in decimal steps; the exact one stands beside it."""
    step, left = 0, size_bytes
    while left >= 10_000 and step < len(BYTE_STEPS) - 1:
        step, left = step + 1, (left + 500) // 1000
    return f"{left:,} {BYTE_STEPS[step]}"
