"""The tables of docs/explanation/ledger.md, made from the code.

PYTHONPATH=src:tests/support python -m ledger_support.docs     writes them anew
"""

from __future__ import annotations

from pathlib import Path

from madang.ledger.chart import CHART
from madang.ledger.kinds import KINDS, Kind

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "ledger.md"
BOOKS = {"M": "M money", "B": "B budget", "K": "K memoranda", "Q": "Q quota"}


def chart_table() -> str:
    lines = [
        "| Code | Account | 한국어 | Book | Normal | Key | Whole won |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in CHART.values():
        keys = " or ".join(" × ".join(key).replace("_", "-") for key in line.keys)
        whole = "yes" if line.whole_won else ""
        lines.append(
            f"| {line.code} | {line.name_en} | {line.name_ko} | {BOOKS[line.book]} |"
            f" {line.normal} | {keys} | {whole} |"
        )
    return "\n".join(lines)


def postings_table() -> str:
    lines = [
        "| Kind | Event | 한국어 | Function | Debit | Credit | P23 may reverse it |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, line in KINDS.items():
        debit, credit = (" ".join(sorted(side)) for side in (line.debit, line.credit))
        if kind is Kind.CORRECT:
            debit, credit = "the original's credits", "the original's debits"
        lines.append(
            f"| {kind} | {line.event_en} | {line.event_ko} | `{kind.name.lower()}` |"
            f" {debit} | {credit} | {'yes' if line.corrects else 'no'} |"
        )
    return "\n".join(lines)


TABLES = {"chart": chart_table, "postings": postings_table}


def with_tables(text: str) -> str:
    """The page with each table between its marks written anew."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name}: made from the code -->", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        after = rest.split(end)[1]
        text = f"{before}{start}\n{table()}\n{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
