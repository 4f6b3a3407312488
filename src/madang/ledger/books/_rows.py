"""Facts and drafts as the JSON and arrays that the schema's two functions speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict
from uuid import UUID

from madang.ledger.chart import Account, Side
from madang.ledger.draft import (
    Ask,
    Counters,
    Draft,
    Facts,
    Lease,
    Leg,
    Original,
    VoucherMove,
    Wallet,
    Written,
    canonical_json,
    sha256_hex,
    time_text,
)
from madang.ledger.kinds import Kind
from madang.ledger.types import Resolution

Argument = str | list[str] | list[int]


class WrittenRow(TypedDict):
    idem: str
    journal: str | None
    kind: str
    content: dict[str, str | int]
    answer: dict[str, int]


class LeaseRow(TypedDict):
    id: str
    owner: str
    supplier: str | None
    unit: str | None
    amount: int
    captured: int
    resolution: Resolution | None


class OriginalRow(TypedDict):
    id: str
    kind: str
    chain: str
    legs: list[tuple[str, int, int]]
    voucher_move: tuple[str, str | None, str, int] | None
    corrected: bool


class FactsRow(TypedDict, total=False):
    written: list[WrittenRow]
    pairs: list[tuple[str, str, int, int, int, int, int]]
    leases: list[LeaseRow]
    balances: dict[str, int]
    wallets: list[tuple[str, int, int, bool, str, str, str | None, str | None]]
    originals: list[OriginalRow]
    sums: list[tuple[str, str, int]]


def ask_json(ask: Ask) -> str:
    """Only what is asked for: the function skips what is absent."""
    wanted: dict[str, object] = {
        "locks": [str(u) for u in ask.locks],
        "ids": list(ask.ids),
        "pairs": [[str(v), str(s)] for v, s in ask.pairs],
        "holds": [str(h) for h in ask.holds],
        "accounts": [a.key for a in ask.accounts],
        "wallets": [str(v) for v in ask.wallets],
        "journals": [str(j) for j in ask.journals],
        "sums": [str(v) for v in ask.voucher_sums],
    }
    return canonical_json({name: value for name, value in wanted.items() if value})


def facts_from(row: FactsRow) -> Facts:
    facts = Facts(balances=row.get("balances") or {})
    for written in row.get("written") or ():
        facts.written[written["idem"]] = written_from(written)
    for voucher, supplier, *counters in row.get("pairs") or ():
        facts.counters[UUID(voucher), UUID(supplier)] = Counters(*counters)
    for lease in row.get("leases") or ():
        facts.leases[UUID(lease["id"])] = _lease_from(lease)
    for voucher, issued, deposited, expired, ratio, vat, *places in row.get("wallets") or ():
        facts.wallets[UUID(voucher)] = Wallet(
            issued, deposited, expired, ratio, vat, *(UUID(p) if p else None for p in places)
        )
    for original in row.get("originals") or ():
        facts.originals[UUID(original["id"])] = _original_from(original)
    for voucher, code, amount in row.get("sums") or ():
        facts.sums[UUID(voucher), code] = amount
    return facts


def written_from(row: WrittenRow) -> Written:
    """A journal that was on file before this call."""
    journal = UUID(row["journal"]) if row["journal"] else None
    return Written(journal, row["kind"], row["content"], row["answer"], fresh=False)


def _lease_from(row: LeaseRow) -> Lease:
    return Lease(
        UUID(row["id"]),
        UUID(row["owner"]),
        UUID(row["supplier"]) if row["supplier"] else None,
        row["unit"],
        row["amount"],
        row["captured"],
        row["resolution"],
    )


def _original_from(row: OriginalRow) -> Original:
    legs = tuple(
        Leg(account_from(key), Side.DEBIT if debit else Side.CREDIT, debit or credit)
        for key, debit, credit in row["legs"]
    )
    move = row["voucher_move"]
    undone = None
    if move is not None:
        voucher, supplier, kind, amount = move
        undone = VoucherMove(UUID(voucher), UUID(supplier) if supplier else None, kind, amount)
    return Original(
        UUID(row["id"]), Kind(row["kind"]), UUID(row["chain"]), legs, undone, row["corrected"]
    )


def account_from(key: str) -> Account:
    return Account(key.split("|", 1)[0], key)


def write_arguments(drafts: Sequence[Draft], ids: Sequence[UUID | None]) -> list[Argument]:
    """The journals as JSON, and all their legs as four arrays side by side."""
    legs = [(number, leg) for number, draft in enumerate(drafts) for leg in draft.legs]
    return [
        canonical_json([_draft_json(d, i) for d, i in zip(drafts, ids, strict=True)]),
        [number for number, _ in legs],
        [leg.account.key for _, leg in legs],
        [leg.amount if leg.side is Side.DEBIT else 0 for _, leg in legs],
        [leg.amount if leg.side is Side.CREDIT else 0 for _, leg in legs],
    ]


def _draft_json(draft: Draft, id: UUID | None) -> Mapping[str, object]:
    request, stamp = draft.request, draft.request.stamp
    content = request.full_content
    return {
        "journal": str(id) if id else None,
        "idem": stamp.id,
        "kind": request.kind,
        "chain": str(request.chain),
        "content": content,
        "content_sha256": sha256_hex(canonical_json(content)),
        "answer": draft.answer,
        "actor": stamp.actor,
        "effective_at": time_text(stamp.effective_at),
        "source_type": stamp.source_type,
        "source_id": stamp.source_id,
        "reason": stamp.reason,
        "corrects": str(draft.corrects) if draft.corrects else None,
        **_moves_json(draft),
    }


def _moves_json(draft: Draft) -> dict[str, object]:
    moves: dict[str, object] = {}
    if (hold := draft.hold) is not None:
        moves["hold"] = {
            "id": str(hold.id),
            "owner": str(hold.owner),
            "supplier": str(hold.supplier) if hold.supplier else None,
            "unit": hold.unit,
            "amount": hold.amount,
            "expires_at": time_text(hold.expires_at),
        }
    if (step := draft.hold_move) is not None:
        moves["hold_move"] = {
            "hold": str(step.hold), "event": step.kind, "amount": step.amount
        }  # fmt: skip
    if (move := draft.voucher_move) is not None:
        moves["voucher_move"] = {
            "voucher": str(move.voucher),
            "supplier": str(move.supplier) if move.supplier else None,
            "event": move.kind,
            "amount": move.amount,
            "ratio": move.ratio,
            "vat": move.vat,
            "programme_year": str(move.programme_year) if move.programme_year else None,
            "programme": str(move.programme) if move.programme else None,
        }
    return moves
