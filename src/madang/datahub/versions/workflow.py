"""The life of a version, as a table."""

from __future__ import annotations

from madang.datahub.versions.models import Version
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

WRITERS = frozenset({Role.BUILDER, Role.OPERATOR})
OPERATOR = frozenset({Role.OPERATOR})

VERSION: Workflow[Version] = Workflow(
    noun="data_version",
    initial="uploading",
    states=(
        State("uploading", "적재중", "Uploading"),
        State("quarantined", "격리검사", "Quarantined"),
        State("sealed", "봉인", "Sealed"),
        State("superseded", "대체됨", "Superseded"),
        State("recalled", "회수됨", "Recalled", final=True),
    ),
    transitions=(
        Transition("quarantine", ("uploading",), "quarantined", "격리", "Quarantine", WRITERS),
        Transition("seal", ("quarantined",), "sealed", "봉인", "Seal", WRITERS),
        Transition("supersede", ("sealed",), "superseded", "대체", "Supersede", OPERATOR),
        Transition("recall", ("sealed", "superseded"), "recalled", "회수", "Recall", OPERATOR),
    ),
)
