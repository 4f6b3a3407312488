"""`madang programme`: programmes, what is left of their budgets, and their calls."""

from __future__ import annotations

from dataclasses import asdict

from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Text, command, group
from madang.cli.installation import opened
from madang.core.clock import rfc3339
from madang.programme.calls.phases import phase_at
from madang.programme.calls.queries import calls_for
from madang.programme.years.queries import budgets_of, years


@command("list", ko="사업별 예산을 보여 줍니다.", en="Show each programme's budget.")
def list_(console: Console) -> Answer:
    with opened(console.data):
        rows = list(years())
        found = [
            {"code": year.programme.code, "year": year.year, **asdict(figures)}
            for year, figures in zip(rows, budgets_of(rows), strict=True)
        ]
    lines = [
        f"{one['code']}/{one['year']}  {Text('예산', 'budget')} "
        f"{won(one['appropriation_microwon'])}, {Text('미배정', 'unallocated')} "
        f"{won(one['unallocated_microwon'])}"
        for one in found
    ]
    return Answer({"programmes": found}, lines)


@command("calls", ko="공고를 보여 줍니다.", en="Show the approved calls.")
def calls(console: Console) -> Answer:
    with opened(console.data) as installation:
        at = installation.clock.now()
        found = [
            {
                "code": call.code,
                "programme": call.programme_year.programme.code,
                "phase": str(phase_at(call, at)),
                "opens_at": rfc3339(call.opens_at),
                "closes_at": rfc3339(call.closes_at),
                "budget_microwon": call.budget_microwon,
            }
            for call in calls_for(None)
        ]
    return Answer({"calls": found}, [f"{one['code']}  {one['phase']}" for one in found])


programme = group("programme", list_, calls, ko="사업과 공고", en="Programmes and calls.")
