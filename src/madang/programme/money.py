"""What the ledger says of a call and an award, and stamps made from their rows' own ids."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from madang.ledger import queries as ledger
from madang.ledger.chart import account
from madang.ledger.errors import Overdrawn
from madang.ledger.types import Stamp
from madang.parties.actor import Actor
from madang.programme.errors import BudgetCommitted, BudgetExceeded


def balance_microwon(code: str, **dimensions: UUID) -> int:
    """One account's balance on its normal side."""
    return ledger.balance_of(account(code, **dimensions).key)


def allotment_left_microwon(call: UUID) -> int:
    """B300: what a call can still award."""
    return balance_microwon("B300", call=call)


def stamp(
    actor: Actor, noun: str, identifier: UUID, what: str, *, at: datetime, reason: str = ""
) -> Stamp:
    """The id comes from the row and the step, so that a retry is a replay."""
    return Stamp(
        id=f"{noun}:{identifier}:{what}",
        actor=actor.id,
        effective_at=at,
        source_type=noun,
        source_id=str(identifier),
        reason=reason,
    )


def exceeded(err: Overdrawn) -> BudgetExceeded:
    """The ledger's refusal in the words of this room."""
    return BudgetExceeded(**_amounts(err))


def committed(err: Overdrawn) -> BudgetCommitted:
    return BudgetCommitted(**_amounts(err))


def _amounts(err: Overdrawn) -> dict[str, str | int | bool | None]:
    names = {"needed_microwon": "needed", "available_microwon": "available"}
    return {name: err.fields.get(name, err.fields.get(old)) for name, old in names.items()}
