"""`madang compute`: planning needs no platform, jobs do. Each half is loaded when called."""

from __future__ import annotations

import importlib

import click

from madang.cli.compute_plan import backtest, plan_
from madang.cli.console import Group, Text
from madang.cli.errors import ExtraMissing
from madang.cli.main import set_up_django

PLANNING = (plan_, backtest)
JOBS = (
    *("cancel", "decide", "decide-submission", "doubts", "grants", "list", "logs", "outputs"),
    *("poll", "reconcile", "status", "submit", "submit-many"),
)
OFFICE = (
    *("decide-objection", "decide-report", "decide-request", "feed", "give-back"),
    *("idle", "object", "report", "reports", "request", "requests"),
)
ON_THE_PLATFORM = {
    **dict.fromkeys(JOBS, "madang.cli.compute_jobs"),
    **dict.fromkeys(OFFICE, "madang.cli.compute_office"),
}


class Compute(Group):
    """The platform's commands are known by name; Django is set up for one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *ON_THE_PLATFORM])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ON_THE_PLATFORM:
            return super().get_command(ctx, cmd_name)
        try:
            set_up_django()
        except ModuleNotFoundError as err:
            raise ExtraMissing(module=err.name or "django", extra="platform") from err
        module = importlib.import_module(ON_THE_PLATFORM[cmd_name])
        found = module.COMMANDS[cmd_name]
        assert isinstance(found, click.Command)
        return found


compute = Compute("compute", Text("GPU 지원", "GPU support."), PLANNING)
