"""How a data set is used: lines to copy for the usual clients, and what a use costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.datahub.models import DataSet
from madang.metering.offerings.models import PriceVersion

HUB = """from huggingface_hub import snapshot_download

folder = snapshot_download(
    "{code}",
    repo_type="dataset",
)
"""
TABLES = """from datasets import load_dataset

data = load_dataset("{code}")
print(data)
"""
SHELL = "hf download {code} \\\n  --repo-type dataset --local-dir {folder}"
OWN = "madang hub get {code} \\\n  ./{folder}"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines for one client; `name` is also the end of an element's id."""

    name: str
    title: str | Promise
    text: str


def snippets_of(row: DataSet, *, has_tables: bool) -> list[Snippet]:
    """All need the address first, and a token where files are not for everybody."""
    told = {"code": row.code, "folder": row.code.rpartition("/")[2]}
    lines = [f"export HF_ENDPOINT={settings.PORTAL_URL}"]
    if row.access != "open" or row.is_private or row.offering_id is not None:
        lines.append("export HF_TOKEN=mdp_…")
    rows = [Snippet("address", _("First, where the hub is"), "\n".join(lines))]
    if has_tables:
        rows.append(Snippet("datasets", "Python: datasets", TABLES.format(**told)))
    return [
        *rows,
        Snippet("hub", "Python: huggingface_hub", HUB.format(**told)),
        Snippet("hf", _("Command line: hf"), SHELL.format(**told)),
        Snippet("madang", _("Command line: madang, for large sets and bad lines"),
                OWN.format(**told)),
    ]  # fmt: skip


def prices_of(row: DataSet, at: datetime) -> list[PriceVersion]:
    """What a use costs now, by unit; empty for a set that is free, as most are."""
    if row.offering is None:
        return []
    found = row.offering.prices.filter(valid_from__lte=at).order_by("unit", "-valid_from")
    newest: dict[tuple[str, tuple[str, ...]], PriceVersion] = {}
    for one in found:
        newest.setdefault((one.unit, tuple(one.for_kinds)), one)
    return list(newest.values())
