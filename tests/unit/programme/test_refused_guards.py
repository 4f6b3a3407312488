"""Guards that stand behind an action's own look: the table refuses, whoever calls it.

An action answers NotFound to strangers before it comes to its table; the guard is there for
whoever forgets that. So it is asked here by itself, over rows without a database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from madang.core.errors import NotFound
from madang.metering.errors import VoucherExpired
from madang.metering.vouchers.workflow import VOUCHER
from madang.parties.actor import Actor, Role, system_actor
from madang.programme.applications.workflow import APPLICATION
from madang.programme.calls.workflow import CALL
from madang.programme.errors import CallNotClosed, OwnOrganisation, PersonDecides
from madang.programme.flags.workflow import FLAG
from madang.programme.matches.workflow import MATCH
from madang.programme.milestones.workflow import MILESTONE
from madang.programme.petitions.workflow import PETITION
from madang.review.assignments.workflow import ASSIGNMENT
from madang.review.errors import NotYourAssignment

AT = datetime(2026, 3, 2, tzinfo=UTC)
FIRM, OTHER = UUID(int=1), UUID(int=2)
INSIDER = Actor("1", frozenset({Role.OPERATOR}), organisations=frozenset({FIRM}))
STRANGER = Actor("2", frozenset({Role.BENEFICIARY, Role.SUPPLIER, Role.REVIEWER}))
OPERATOR = Actor("3", frozenset({Role.OPERATOR}))


def thing(**facts: object) -> SimpleNamespace:
    return SimpleNamespace(**facts)


CALL_OF = {"application": thing(organisation_id=FIRM), "supplier": thing(organisation_id=FIRM)}
ENDED = {"code": "v", "expires_at": AT}
ASKED = {
    "voucher": thing(organisation_id=FIRM),
    "charge": thing(supplier=thing(organisation_id=FIRM)),
}
REFUSALS = [
    (VOUCHER, "issue", OPERATOR, ENDED, VoucherExpired),
    (VOUCHER, "reinstate", OPERATOR, ENDED, VoucherExpired),
    (APPLICATION, "find_eligible", INSIDER, {"organisation_id": FIRM}, OwnOrganisation),
    (APPLICATION, "find_ineligible", INSIDER, {"organisation_id": FIRM}, OwnOrganisation),
    (APPLICATION, "reinstate", INSIDER, {"organisation_id": FIRM}, OwnOrganisation),
    (APPLICATION, "withdraw", STRANGER, {"organisation_id": FIRM}, NotFound),
    (CALL, "start_review", OPERATOR, {"closes_at": AT + timedelta.resolution}, CallNotClosed),
    (FLAG, "clear", system_actor("worker"), {}, PersonDecides),
    (MATCH, "consent", STRANGER, CALL_OF, NotFound),
    (MATCH, "refuse", STRANGER, CALL_OF, NotFound),
    (MATCH, "take_back", STRANGER, CALL_OF, NotFound),
    (MATCH, "replace", STRANGER, CALL_OF, NotFound),
    (MILESTONE, "agree", STRANGER, {"award": thing(organisation_id=FIRM)}, NotFound),
    (PETITION, "answer", STRANGER, ASKED, NotFound),
    (PETITION, "grant", INSIDER, ASKED, OwnOrganisation),
    (PETITION, "refuse", INSIDER, ASKED, OwnOrganisation),
    (PETITION, "withdraw", STRANGER, ASKED, NotFound),
    (ASSIGNMENT, "draft", STRANGER, {"reviewer": thing(person_id=OTHER)}, NotYourAssignment),
    (ASSIGNMENT, "submit", STRANGER, {"reviewer": thing(person_id=OTHER)}, NotYourAssignment),
    (ASSIGNMENT, "decline", STRANGER, {"reviewer": thing(person_id=OTHER)}, NotYourAssignment),
    (ASSIGNMENT, "recuse", STRANGER, {"reviewer": thing(person_id=OTHER)}, NotYourAssignment),
]


@pytest.mark.parametrize(
    ("table", "code", "actor", "facts", "refusal"),
    REFUSALS,
    ids=[f"{table.noun}.{code}" for table, code, *_ in REFUSALS],
)
def test_guard_refuses(table, code, actor, facts, refusal) -> None:
    step = next(one for one in table.transitions if one.code == code)
    row = thing(pk="1", state=step.sources[0], **facts)
    with pytest.raises(refusal):
        table.move(row, code, actor, at=AT)
    assert row.state == step.sources[0]
