"""REST routes of the books, for auditors and operators. The ledger itself knows no access."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema

from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.ledger.errors import JournalUnknown
from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest

READERS = (Role.AUDITOR, Role.OPERATOR)
router = Router(tags=["books"])


class BookOut(Schema):
    debit_microwon: int
    credit_microwon: int


class AccountOut(Schema):
    code: str
    dimensions: dict[str, str]
    debit_microwon: int
    credit_microwon: int
    balance_microwon: int


class TrialBalanceOut(Schema):
    """The answer of `madang ledger trial-balance`."""

    balanced: bool
    books: dict[str, BookOut]
    accounts: list[AccountOut]


class EntryOut(Schema):
    code: str
    dimensions: dict[str, str]
    debit_microwon: int
    credit_microwon: int


class JournalOut(Schema):
    id: UUID
    kind: str
    actor: str
    source_type: str
    source_id: str
    effective_at: datetime
    booked_at: datetime
    corrects: UUID | None
    entries: list[EntryOut]


def journal_out(view: ledger.JournalView) -> JournalOut:
    return JournalOut(
        id=view.id,
        kind=view.kind,
        actor=view.actor,
        source_type=view.source_type,
        source_id=view.source_id,
        effective_at=view.effective_at,
        booked_at=view.booked_at,
        corrects=view.corrects,
        entries=[
            EntryOut(
                code=entry.code,
                dimensions=entry.dimensions,
                debit_microwon=entry.debit,
                credit_microwon=entry.credit,
            )
            for entry in view.entries
        ],
    )


@router.get(
    "/ledger/trial-balance", response=TrialBalanceOut, operation_id="show_trial_balance"
)
def show_trial_balance(request: ApiRequest) -> TrialBalanceOut:
    request.actor.need(*READERS)
    found = ledger.trial_balance()
    books = {
        book: BookOut(debit_microwon=total.debit, credit_microwon=total.credit)
        for book, total in found.books.items()
    }
    accounts = [
        AccountOut(
            code=line.code,
            dimensions=line.dimensions,
            debit_microwon=line.debit,
            credit_microwon=line.credit,
            balance_microwon=line.net,
        )
        for line in found.accounts
    ]
    return TrialBalanceOut(balanced=found.is_balanced, books=books, accounts=accounts)


@router.get("/ledger/journals", response=list[JournalOut], operation_id="list_journals")
def list_journals(
    request: ApiRequest,
    kind: str | None = None,
    voucher: UUID | None = None,
    supplier: UUID | None = None,
    before: UUID | None = None,
) -> list[JournalOut]:
    """Newest first; `before` a journal's id gives the next page."""
    request.actor.need(*READERS)
    rows = ledger.journals(
        kind=kind, voucher=voucher, supplier=supplier, before=before, limit=ROWS_MAX
    )
    return [journal_out(row) for row in rows]


@router.get("/ledger/journals/{journal_id}", response=JournalOut, operation_id="show_journal")
def show_journal(request: ApiRequest, journal_id: UUID) -> JournalOut:
    request.actor.need(*READERS)
    try:
        return journal_out(ledger.journal(journal_id))
    except JournalUnknown as err:
        raise NotFound from err
