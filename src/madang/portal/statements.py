"""A statement as a PDF and as a sheet, from the same report as its page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import typst
import xlsxwriter
from django.utils.translation import gettext as _

from madang.core.clock import SEOUL
from madang.core.money import MICRO_PER_WON
from madang.metering.statements.models import Statement, StatementLine
from madang.portal.amounts import won_digits
from madang.portal.labels import state_label
from madang.portal.sentences import spoken

PRINT = Path(__file__).parent / "print"
WON_FORMAT = "#,##0"
Amount = Callable[[StatementLine], int]
_AMOUNTS: tuple[Amount, ...] = (
    lambda line: line.supply_microwon,
    lambda line: line.subsidy_microwon,
    lambda line: line.own_microwon,
    lambda line: line.vat_microwon,
    lambda line: line.supply_microwon + line.vat_microwon,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One voucher's line: how many charges, and amounts in micro-won."""

    voucher: str
    charges: int
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What both forms show."""

    title: str
    facts: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    total: tuple[int, ...]


def sheet_of(statement: Statement) -> Sheet:
    """The statement in the reader's language."""
    lines = list(statement.lines.select_related("voucher").order_by("no"))
    rows = tuple(
        Row(
            line.voucher.code if line.voucher else _("borne by the programme"),
            line.charges,
            tuple(amount(line) for amount in _AMOUNTS),
        )
        for line in lines
    )
    return Sheet(
        title=_("Statement %(month)s no. %(number)s")
        % {"month": statement.month, "number": statement.number},
        facts=_facts(statement),
        head=(
            _("Voucher"), _("Charges"), _("Supply"), _("Support"), _("Own part"), _("VAT"),
            _("Total"),
        ),
        rows=rows,
        total=tuple(sum(column) for column in zip(*(row.amounts for row in rows), strict=True)),
    )  # fmt: skip


def _facts(statement: Statement) -> tuple[tuple[str, str], ...]:
    supplier = statement.supplier
    name = supplier.name_en if spoken() == "en" else supplier.name_ko
    frozen = statement.frozen_at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")
    return (
        (_("Supplier"), name),
        (_("Month"), statement.month),
        (_("State"), state_label("statement", statement.state, spoken())),
        (_("Frozen at"), frozen),
    )


def as_pdf(statement: Statement) -> bytes:
    """A4, with the fonts of this package only, so that every machine prints the same."""
    sheet = sheet_of(statement)
    data = {
        "lang": spoken(),
        "title": sheet.title,
        "facts": sheet.facts,
        "head": sheet.head,
        "lines": [_printed(row.voucher, row.charges, row.amounts) for row in sheet.rows],
        "total": _printed(_("Sum"), sum(row.charges for row in sheet.rows), sheet.total),
        "note": _("Amounts in won. What is less than a won stays accrued and rolls over."),
        "footer": f"Madang · {statement.id}",
    }
    made = typst.compile(
        PRINT / "statement.typ",
        root=PRINT,
        font_paths=[PRINT / "fonts"],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=_second_of(statement.frozen_at),
    )
    assert isinstance(made, bytes), "one document, one file"
    return made


def _second_of(at: datetime) -> int:
    return int(at.timestamp())


def _printed(first: str, charges: int, amounts: Sequence[int]) -> list[str]:
    return [first, f"{charges:,}", *(won_digits(amount) for amount in amounts)]


def as_xlsx(statement: Statement) -> bytes:
    """Whole won as numbers: a statement's amounts are whole by rule (P11)."""
    sheet = sheet_of(statement)
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"title": sheet.title, "created": statement.frozen_at})
    page = book.add_worksheet(statement.month)
    bold, won = book.add_format({"bold": True}), book.add_format({"num_format": WON_FORMAT})
    page.set_column(0, 0, 28)
    page.set_column(1, len(sheet.head) - 1, 16)
    page.write(0, 0, sheet.title, bold)
    for number, (label, value) in enumerate(sheet.facts, start=1):
        page.write_row(number, 0, [label, value])
    top = len(sheet.facts) + 2
    page.write_row(top, 0, sheet.head, bold)
    for number, row in enumerate(sheet.rows, start=top + 1):
        page.write_row(number, 0, [row.voucher, row.charges])
        page.write_row(number, 2, [_whole(amount) for amount in row.amounts], won)
    last = top + 1 + len(sheet.rows)
    page.write(last, 0, _("Sum"), bold)
    page.write_row(last, 2, [_whole(amount) for amount in sheet.total], won)
    book.close()
    return file.getvalue()


def _whole(amount_microwon: int) -> int:
    won, rest = divmod(amount_microwon, MICRO_PER_WON)
    assert rest == 0, "a statement's amounts are whole won"
    return won
