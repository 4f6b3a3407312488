"""Who may act on what: one function per side of the market."""

from __future__ import annotations

from uuid import UUID

from madang.core.errors import NotAllowed
from madang.parties.actor import Actor, Role


def need_operator_or_beneficiary(actor: Actor, organisation: UUID) -> None:
    """Raise NotAllowed unless an operator, or the beneficiary's own people."""
    if actor.has(Role.OPERATOR):
        return
    if not actor.has(Role.BENEFICIARY) or not actor.acts_for(organisation):
        raise NotAllowed


def need_operator_or_supplier(actor: Actor, supplier: UUID) -> None:
    """Raise NotAllowed unless an operator, or the supplier's own people."""
    if actor.has(Role.OPERATOR):
        return
    if not actor.has(Role.SUPPLIER) or supplier not in actor.suppliers:
        raise NotAllowed
