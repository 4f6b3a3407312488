"""The life of build terms, as a table: the agency signs first, the builder last."""

from __future__ import annotations

from madang.datahub.terms.models import BuildTerms
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})
BUILDERS = frozenset({Role.BUILDER, Role.BENEFICIARY})
BOTH = OPERATOR | BUILDERS

BUILD_TERMS: Workflow[BuildTerms] = Workflow(
    noun="build_terms",
    initial="proposed",
    states=(
        State("proposed", "안", "Proposed"),
        State("offered", "기관서명", "Signed by the agency"),
        State("in_force", "협약", "In force"),
        State("superseded", "대체됨", "Superseded", final=True),
        State("withdrawn", "철회", "Withdrawn", final=True),
    ),
    transitions=(
        Transition("offer", ("proposed",), "offered", "기관서명", "Agency signs", OPERATOR),
        Transition("sign", ("offered",), "in_force", "구축기관서명", "Builder signs", BUILDERS),
        Transition("supersede", ("in_force",), "superseded", "대체", "Supersede", BUILDERS),
        Transition("withdraw", ("proposed", "offered"), "withdrawn", "철회", "Withdraw", BOTH),
    ),
)
