"""The life of a tax invoice's data, as a table."""

from __future__ import annotations

from madang.metering.invoices.models import TaxInvoice
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

INVOICE: Workflow[TaxInvoice] = Workflow(
    noun="invoice",
    initial="due",
    states=(
        State("due", "발급대기", "Due"),
        State("late", "지연", "Late", derived=True),
        State("issued", "발급", "Issued", final=True),
    ),
    transitions=(
        Transition("pass", ("due",), "late", "지연", "due_at is reached"),
        Transition(
            "issue", ("due", "late"), "issued", "발급", "Record the issued invoice",
            frozenset({Role.OPERATOR, Role.SUPPLIER}),
        ),
    ),
)  # fmt: skip
