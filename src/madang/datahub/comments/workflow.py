"""The life of a public comment, as a table."""

from __future__ import annotations

from madang.datahub.comments.models import Comment
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})

COMMENT: Workflow[Comment] = Workflow(
    noun="comment",
    initial="received",
    states=(
        State("received", "접수", "Received"),
        State("answered", "답변완료", "Answered", final=True),
        State("withheld", "비공개", "Withheld", final=True),
    ),
    transitions=(
        Transition("answer", ("received",), "answered", "답변", "Answer", OPERATOR),
        Transition("withhold", ("received",), "withheld", "비공개", "Withhold", OPERATOR),
    ),
)
