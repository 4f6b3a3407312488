"""The books: trial balance, accounts, journals and the evidence behind them."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.http import HttpResponse

from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.ledger.accounts.queries import AccountLine
from madang.ledger.chart import CHART
from madang.ledger.errors import JournalUnknown
from madang.metering.charges.queries import charges_of
from madang.parties.actor import Role
from madang.portal.desks import desk_page
from madang.portal.drilling import entries_on, evidence_of
from madang.portal.pages.operator.corrections import proposal_for
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.corrections.queries import corrections_of

READERS = (Role.AUDITOR, Role.OPERATOR)
PER_PAGE = 50
CHARGES_MAX = 200


@takes("GET")
@signed_in(*READERS)
def trial_balance(request: SignedInRequest) -> HttpResponse:
    """Every account code with its sums; each opens its accounts."""
    found = ledger.trial_balance()
    facts = {
        "is_balanced": found.is_balanced,
        "books": found.books,
        "rows": [
            (CHART[code], debit, credit, balance)
            for code, (debit, credit, balance) in _by_code(found.accounts).items()
        ],
    }
    return desk_page(request, "auditor", "auditor/trial_balance.html", facts)


def _by_code(lines: tuple[AccountLine, ...]) -> dict[str, tuple[int, int, int]]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for line in lines:
        row = sums[line.code]
        row[0] += line.debit
        row[1] += line.credit
        row[2] += line.net
    return {code: (row[0], row[1], row[2]) for code, row in sorted(sums.items())}


@takes("GET")
@signed_in(*READERS)
def account(request: SignedInRequest, code: str) -> HttpResponse:
    """The accounts of one code, by their dimensions."""
    if code not in CHART:
        raise NotFound
    lines = ledger.lines_of(code)
    facts = {
        "kind": CHART[code],
        "lines": lines,
        "entries": entries_on(request.actor, code, {}),
    }
    return desk_page(request, "auditor", "auditor/account.html", facts)


@takes("GET")
@signed_in(*READERS)
def journals(request: SignedInRequest) -> HttpResponse:
    """Journals, newest first, also those of one voucher, supplier or source."""
    before = _uuid(request.GET.get("before"))
    rows = ledger.journals(
        kind=request.GET.get("kind") or None,
        voucher=_uuid(request.GET.get("voucher")),
        supplier=_uuid(request.GET.get("supplier")),
        source_type=request.GET.get("source_type") or None,
        source_id=request.GET.get("source_id") or None,
        before=before,
        limit=PER_PAGE,
    )
    facts = {"rows": rows, "last": rows[-1].id if len(rows) == PER_PAGE else None}
    return desk_page(request, "auditor", "auditor/journals.html", facts)


@takes("GET")
@signed_in(*READERS)
def journal(request: SignedInRequest, journal_id: UUID) -> HttpResponse:
    """One journal: its entries, and the charges that add up to it with their evidence."""
    try:
        found = ledger.journal(journal_id)
    except JournalUnknown as err:
        raise NotFound from err
    charges = charges_of(request.actor).filter(journal=journal_id)[:CHARGES_MAX]
    evidence = [
        one for one in evidence_of(request.actor, found) if not one.kind.startswith("charge.")
    ]
    facts = {
        "journal": found,
        "charges": charges,
        "evidence": evidence,
        "corrections": corrections_of(request.actor).filter(journal=journal_id),
        "correct": proposal_for(request, journal_id, found.kind),
    }
    return desk_page(request, "auditor", "auditor/journal.html", facts)


def _uuid(text: str | None) -> UUID | None:
    """Raises NotFound for what is no id: nothing bears that name."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as err:
        raise NotFound from err


@takes("GET", "POST")
@signed_in(*READERS)
def proof(request: SignedInRequest) -> HttpResponse:
    """Verify on request: identities, balances against entries, and the chain of seals."""
    found = ledger.verify() if request.method == "POST" else None
    return desk_page(request, "auditor", "auditor/proof.html", {"found": found})
