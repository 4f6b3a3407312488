"""What a supplier earned: accrued amounts, statements, their files, confirmation."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from madang.ledger import queries as ledger
from madang.metering.charges.collecting import left_to_collect
from madang.metering.charges.queries import charges_of, settled_refunds_of
from madang.metering.statements.actions import confirm_statement, dispute_statement
from madang.metering.statements.models import Statement
from madang.metering.statements.queries import statement_for, statements_of
from madang.metering.vouchers.queries import codes_of
from madang.parties.actor import Role
from madang.portal import statements as files
from madang.portal.acting import act_with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes

PER_PAGE = 25
REFUNDS_MAX = 100
READERS = (Role.SUPPLIER, Role.OPERATOR, Role.AUDITOR)
PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@takes("GET")
@signed_in(Role.SUPPLIER)
def accrued(request: SignedInRequest) -> HttpResponse:
    """What is earned and on no statement yet, by voucher; what is owed back; the newest
    charges below."""
    found = [
        line
        for supplier in sorted(request.actor.suppliers)
        for line in ledger.accrued(supplier)
    ]
    codes = codes_of([line.voucher for line in found])
    charges = charges_of(request.actor).filter(supplier__in=request.actor.suppliers)
    refunds = settled_refunds_of(request.actor).filter(charge__in=charges)
    facts = {
        "rows": [(codes[line.voucher], line.parts) for line in found],
        "total_supply": sum(line.parts.supply for line in found),
        "total": sum(line.parts.total for line in found),
        "page": Paginator(charges, PER_PAGE).get_page(request.GET.get("page")),
        "owed_back": [
            (row, row.subsidy_microwon + row.deposit_microwon, left_to_collect(row).total)
            for row in refunds[:REFUNDS_MAX]
        ],
    }
    return desk_page(request, "supplier", "supplier/accrued.html", facts)


@takes("GET")
@signed_in(Role.SUPPLIER)
def statements(request: SignedInRequest) -> HttpResponse:
    rows = statements_of(request.actor).order_by("-month", "-number")
    shown = rows.annotate(
        subsidy=Sum("lines__subsidy_microwon"),
        own=Sum("lines__own_microwon"),
        vat=Sum("lines__vat_microwon"),
    )
    return desk_page(request, "supplier", "supplier/statements.html", {"rows": shown})


@takes("GET")
@signed_in(*READERS)
def statement(request: SignedInRequest, supplier: str, month: str, number: int) -> HttpResponse:
    row = statement_for(request.actor, supplier, month, number)
    facts = {
        "statement": row,
        "sheet": files.sheet_of(row),
        "payouts": row.payouts.order_by("created_at", "id"),
        "form": ReasonForm(),
        "sees_books": request.actor.sees_everything,
        "can_confirm": request.actor.has(Role.SUPPLIER, Role.OPERATOR),
    }
    desk = "supplier" if request.actor.has(Role.SUPPLIER) else "operator"
    desk = "auditor" if not request.actor.has(Role.SUPPLIER, Role.OPERATOR) else desk
    return desk_page(request, desk, "supplier/statement.html", facts)


@takes("GET")
@signed_in(*READERS)
def statement_pdf(
    request: SignedInRequest, supplier: str, month: str, number: int
) -> HttpResponse:
    row = statement_for(request.actor, supplier, month, number)
    return _file(row, files.as_pdf(row), PDF, "pdf")


@takes("GET")
@signed_in(*READERS)
def statement_xlsx(
    request: SignedInRequest, supplier: str, month: str, number: int
) -> HttpResponse:
    row = statement_for(request.actor, supplier, month, number)
    return _file(row, files.as_xlsx(row), XLSX, "xlsx")


@takes("POST")
@signed_in(Role.SUPPLIER, Role.OPERATOR)
def confirm(request: SignedInRequest, supplier: str, month: str, number: int) -> HttpResponse:
    row = statement_for(request.actor, supplier, month, number)
    confirm_statement(request.actor, row, at=request.at)
    messages.success(request, _("The statement is confirmed. It will not change any more."))
    return redirect("statement", supplier, month, number)


@takes("POST")
@signed_in(Role.SUPPLIER, Role.OPERATOR)
def dispute(request: SignedInRequest, supplier: str, month: str, number: int) -> HttpResponse:
    row = statement_for(request.actor, supplier, month, number)
    told = _("Your objection is recorded; nothing is paid until then.")
    act_with_reason(request, dispute_statement, told, row)
    return redirect("statement", supplier, month, number)


def _file(row: Statement, content: bytes, media_type: str, ending: str) -> HttpResponse:
    name = f"{row.supplier.code}-{row.month}-{row.number}.{ending}"
    response = HttpResponse(content, content_type=media_type)
    response.headers["content-disposition"] = f'attachment; filename="{name}"'
    return response
