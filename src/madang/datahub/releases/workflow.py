"""The life of a release, as a table."""

from __future__ import annotations

from madang.datahub.releases.models import Release
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})
WAITING = ("prepared", "embargoed", "beta")
SERVED = ("beta", "open", "restricted", "secure_only")
SHOWN = (*SERVED, "suspended")

RELEASE: Workflow[Release] = Workflow(
    noun="data_release",
    initial="prepared",
    states=(
        State("prepared", "준비", "Prepared"),
        State("embargoed", "개방예정", "To be opened"),
        State("beta", "시범개방", "Beta"),
        State("open", "최종개방", "Open"),
        State("restricted", "제한개방", "On application"),
        State("secure_only", "안심존전용", "Secure room only"),
        State("suspended", "일시중지", "Suspended"),
        State("withdrawn", "철회", "Withdrawn", final=True),
        State("archived", "보관", "Archived", final=True),
    ),
    transitions=(
        Transition("embargo", ("prepared",), "embargoed", "예정", "Set a day", OPERATOR),
        Transition("try_out", WAITING[:2], "beta", "시범개방", "Open as beta", OPERATOR),
        Transition("open", WAITING, "open", "개방", "Open", OPERATOR),
        Transition("restrict", WAITING, "restricted", "제한개방", "Restrict", OPERATOR),
        Transition("secure", WAITING, "secure_only", "안심존개방", "Secure", OPERATOR),
        Transition("suspend", SERVED, "suspended", "일시중지", "Suspend", OPERATOR),
        Transition("resume", ("suspended",), "prepared", "재개준비", "Prepare again", OPERATOR),
        Transition("withdraw", SHOWN, "withdrawn", "철회", "Withdraw", OPERATOR),
        Transition("archive", SHOWN, "archived", "보관", "Archive", OPERATOR),
    ),
)
