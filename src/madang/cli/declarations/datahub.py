"""Declarations of data sets and build goals, handed to the actions that own them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from madang.cli.declarations import tables
from madang.cli.declarations.errors import about
from madang.datahub.plan.actions import GoalFacts, declare_goal
from madang.datahub.sets.declaring import DataSetFacts, declare_data_set
from madang.datahub.sets.models import Access, Field
from madang.parties.actor import Actor
from madang.parties.declaring import Outcome


def apply_data_set(actor: Actor, row: tables.DataSet, source: str, *, at: datetime) -> Outcome:
    """`source` is the declaration's file, from whose folder a path counts."""
    names = row.name or tables.Name(row.code, row.code)
    facts = DataSetFacts(
        code=row.code, field=Field(row.field), licence=row.licence, access=Access(row.access),
        name_ko=names.ko, name_en=names.en,
    )  # fmt: skip
    with about("path"):
        folder = Path(source).parent / row.path
        return declare_data_set(actor, facts, folder, at=at).outcome


def apply_goal(actor: Actor, row: tables.BuildGoal, *, at: datetime) -> Outcome:
    facts = GoalFacts(row.code, row.field, row.half_year, row.target, row.published, row.source)
    return declare_goal(actor, facts, at=at).outcome
