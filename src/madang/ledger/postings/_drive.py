"""The two ways in which a posting runs: writing at once, or reading its facts first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from madang.ledger.chart import Account
from madang.ledger.draft import (
    Answer,
    Ask,
    Draft,
    Facts,
    Journals,
    Request,
    VoucherMove,
    amount_of,
    refuse_difference,
    written_soon,
)
from madang.ledger.kinds import Kind
from madang.ledger.types import Parts, Posted, Stamp, Terms

Named = Mapping[str, UUID | str | int]
Amounts = tuple[tuple[Account, int], ...]


def write_at_once(
    request: Request,
    into: Journals,
    *,
    debit: Amounts,
    credit: Amounts,
    voucher_move: VoucherMove | None = None,
    lock: UUID | None = None,
) -> Posted:
    """Post what depends on no fact. Whether an account can bear it, the writer decides.

    `lock` names a voucher whose accounts move: its lock comes before those of accounts, here
    as everywhere, so that two postings on it never wait for each other.
    """
    if lock is not None:
        into.read(Ask(locks=(lock,)))
    draft = request.draft(debit=debit, credit=credit, voucher_move=voucher_move)
    return into.write((draft,))[0].posted_for(request)


def move(
    kind: Kind,
    stamp: Stamp,
    chain: UUID,
    into: Journals,
    *,
    debit: Account,
    credit: Account,
    amount: int,
    **content: UUID | str | int,
) -> Posted:
    """Post one amount from one account to another. `content` names what the ids stand for."""
    amount = amount_of(amount)
    request = request_for(kind, stamp, chain, {**content, "amount": amount})
    return write_at_once(request, into, debit=((debit, amount),), credit=((credit, amount),))


def read_then_write(
    request: Request, into: Journals, ask: Ask, build: Callable[[Facts], Draft]
) -> tuple[Posted, Answer]:
    """Take the locks, answer a repeated id as the first time, else build and write."""
    facts = into.read(replace(ask, ids=(request.stamp.id,)))
    written = facts.written.get(request.stamp.id)
    if written is None:
        written = into.write((build(facts),))[0]
    return written.posted_for(request), written.answer


Step = tuple[Request, Callable[[Facts], Draft]]
"""A posting of a batch: what is asked, and its draft from the facts as they stand by then."""


def read_then_write_many(
    steps: Sequence[Step], into: Journals, ask: Ask
) -> list[tuple[Posted, Answer]]:
    """As read_then_write for a whole batch in two round trips: all of it or none, in order."""
    facts = into.read(replace(ask, ids=tuple(request.stamp.id for request, _ in steps)))
    drafts: dict[str, Draft] = {}
    for request, build in steps:
        if (known := facts.written.get(request.stamp.id)) is not None:
            refuse_difference(request, known)
            continue
        draft = drafts[request.stamp.id] = build(facts)
        facts.apply(draft)
        facts.written[request.stamp.id] = written_soon(draft)
    fresh = dict(zip(drafts, into.write(list(drafts.values())), strict=True))
    done = []
    for request, _ in steps:
        written = fresh.get(request.stamp.id) or facts.written[request.stamp.id]
        done.append((written.posted_for(request), written.answer))
        fresh[request.stamp.id] = replace(written, fresh=False)
    return done


def request_on(kind: Kind, stamp: Stamp, terms: Terms, content: Named) -> Request:
    """A request on a voucher: its terms are part of the content, its state is not."""
    of_terms: Named = {
        "voucher": str(terms.voucher),
        "programme_year": str(terms.programme_year),
        "programme": str(terms.programme),
        "ratio": str(terms.ratio),
        "vat": str(terms.vat),
    }
    return request_for(kind, stamp, terms.programme_year, {**of_terms, **content})


def request_for(kind: Kind, stamp: Stamp, chain: UUID, content: Named) -> Request:
    """A request without a voucher. `chain` is the programme-year whose chain it joins."""
    plain = {name: str(v) if isinstance(v, UUID) else v for name, v in content.items()}
    return Request(kind, stamp, chain, plain)


def on_wallet(terms: Terms, event: str, amount: int) -> VoucherMove:
    """What a posting adds to a voucher's totals, with the terms that it was issued under."""
    return VoucherMove(
        terms.voucher, None, event, amount, str(terms.ratio), str(terms.vat),
        terms.programme_year, terms.programme,
    )  # fmt: skip


def answer_of(parts: Parts) -> dict[str, int]:
    return {"subsidy": parts.subsidy, "own": parts.own, "vat": parts.vat}


def parts_of(answer: Answer) -> Parts:
    return Parts(answer["subsidy"], answer["own"], answer["vat"])
