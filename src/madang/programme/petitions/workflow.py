"""The petition's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.errors import OwnOrganisation
from madang.programme.petitions.models import Petition

OPERATOR = frozenset({Role.OPERATOR})


def need_seller(row: Petition, actor: Actor, at: datetime) -> None:
    """somebody who sells for the supplier of the charge"""
    assert row.charge is not None, "only a charge is asked of a supplier"
    actor.need_at(Role.SUPPLIER, row.charge.supplier.organisation_id)


def need_holder(row: Petition, actor: Actor, at: datetime) -> None:
    """a beneficiary of the organisation that asked"""
    actor.need_at(Role.BENEFICIARY, row.voucher.organisation_id)


def need_outsider(row: Petition, actor: Actor, at: datetime) -> None:
    """an operator who does not belong to the organisation that asked"""
    if actor.acts_for(row.voucher.organisation_id):
        raise OwnOrganisation


PETITION: Workflow[Petition] = Workflow(
    noun="petition",
    initial="asked",
    states=(
        State("asked", "요청", "asked"),
        State("answered", "공급기업 답변", "answered by the supplier"),
        State("granted", "수용", "granted", final=True),
        State("refused", "반려", "refused", final=True),
        State("withdrawn", "철회", "withdrawn", final=True),
    ),
    transitions=(
        Transition(
            "answer", ("asked",), "answered", "답변", "Answer",
            frozenset({Role.SUPPLIER}), need_seller,
        ),
        Transition(
            "grant", ("asked", "answered"), "granted", "수용", "Grant", OPERATOR,
            need_outsider,
        ),
        Transition(
            "refuse", ("asked", "answered"), "refused", "반려", "Refuse", OPERATOR,
            need_outsider,
        ),
        Transition(
            "withdraw", ("asked", "answered"), "withdrawn", "철회", "Take back",
            frozenset({Role.BENEFICIARY}), need_holder,
        ),
    ),
)  # fmt: skip
