"""REST routes of the books, for auditors and operators. The ledger itself knows no access."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Query, Router, Schema

from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.ledger.chart import CHART
from madang.ledger.errors import JournalUnknown
from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.portal.drilling import entries_on, evidence_of

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


class Dimensions(Schema):
    """Any of them narrows the accounts of a code."""

    programme_year: str | None = None
    programme: str | None = None
    call: str | None = None
    award: str | None = None
    voucher: str | None = None
    supplier: str | None = None
    case: str | None = None
    payout: str | None = None
    receipt: str | None = None
    organisation: str | None = None
    grant: str | None = None
    unit: str | None = None


class EntryLineOut(Schema):
    journal: UUID
    kind: str
    account: str
    effective_at: datetime
    booked_at: datetime
    debit_microwon: int
    credit_microwon: int


class EvidenceOut(Schema):
    kind: str
    id: str
    at: datetime
    sha256: str
    amount_microwon: int | None


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


@router.get(
    "/ledger/accounts/{code}/entries",
    response=list[EntryLineOut],
    operation_id="list_account_entries",
)
def list_entries(
    request: ApiRequest, code: str, dimensions: Query[Dimensions], before: UUID | None = None
) -> list[EntryLineOut]:
    """What a figure of the trial balance is made of, newest first."""
    request.actor.need(*READERS)
    if code not in CHART:
        raise NotFound
    named = {name: value for name, value in dimensions.dict().items() if value is not None}
    return [
        EntryLineOut(
            journal=line.journal,
            kind=line.kind,
            account=line.key,
            effective_at=line.effective_at,
            booked_at=line.booked_at,
            debit_microwon=line.debit,
            credit_microwon=line.credit,
        )
        for line in entries_on(request.actor, code, named, before=before)
    ]


@router.get(
    "/ledger/journals/{journal_id}/evidence",
    response=list[EvidenceOut],
    operation_id="list_evidence",
)
def list_evidence(request: ApiRequest, journal_id: UUID) -> list[EvidenceOut]:
    """What a journal rests on: charges, receipts, bank lines, documents, events."""
    request.actor.need(*READERS)
    try:
        found = ledger.journal(journal_id)
    except JournalUnknown as err:
        raise NotFound from err
    return [EvidenceOut.from_orm(one) for one in evidence_of(request.actor, found)]
