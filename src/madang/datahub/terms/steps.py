"""Steps of a project and the targets they are held against: one file of targets says it all.

Volume and unit are those of the target `completeness`, classes those of `balance`: a number of
the agreement that its check does not measure cannot be written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec import Struct

from madang.core.money import is_whole_won
from madang.datahub.errors import ProposalInvalid
from madang.datahub.quality.targets import Completeness, Targets, targets_from, targets_text
from madang.parties.canonical import Json, digest_of

STEPS_MAX = 12


class BuildStep(Struct, frozen=True, forbid_unknown_fields=True):
    """What is there by a day, counted from the beginning, and what is paid then."""

    name_ko: str
    name_en: str
    due_on: date
    volume: int
    amount_microwon: int = 0


def volume_of(targets: Targets) -> Completeness:
    """Raises ProposalInvalid when the targets promise no volume."""
    if targets.completeness is None:
        raise ProposalInvalid(field="targets", reason="no section completeness: no volume")
    return targets.completeness


def steps_from(raw: Json, targets: Targets, *, total_microwon: int) -> tuple[BuildStep, ...]:
    """Raises ProposalInvalid: volumes rise to what is promised, amounts add up to the total."""
    try:
        steps = tuple(msgspec.convert(raw, list[BuildStep]))
    except msgspec.ValidationError as err:
        raise ProposalInvalid(field="steps", reason=str(err)) from err
    promised = volume_of(targets).promised
    volumes, days = [one.volume for one in steps], [one.due_on for one in steps]
    wrong = {
        f"from 1 to {STEPS_MAX} are needed": not 1 <= len(steps) <= STEPS_MAX,
        "a step needs a name": not all(one.name_ko and one.name_en for one in steps),
        "volumes do not rise": volumes != sorted(set(volumes)) or min(volumes, default=1) < 1,
        "days do not follow each other": days != sorted(days),
        f"the last volume is not {promised}": not volumes or volumes[-1] != promised,
        "amounts are whole won": not all(
            one.amount_microwon >= 0 and is_whole_won(one.amount_microwon) for one in steps
        ),
        f"amounts do not add up to {total_microwon} micro-won": sum(
            one.amount_microwon for one in steps
        )
        != total_microwon,
    }
    for reason, is_so in wrong.items():
        if is_so:
            raise ProposalInvalid(field="steps", reason=reason)
    return steps


def steps_data(steps: Sequence[BuildStep]) -> list[dict[str, Json]]:
    return [{**msgspec.to_builtins(one)} for one in steps]


def stored_steps(data: Json) -> tuple[BuildStep, ...]:
    """Steps of a row, which were checked when it was written."""
    return tuple(msgspec.convert(data, list[BuildStep]))


def text_digest(targets: str, steps: Sequence[BuildStep]) -> str:
    """What is signed: targets and steps, whatever their spelling."""
    held = msgspec.to_builtins(targets_from(targets))
    return digest_of({"targets": held, "steps": steps_data(steps)})


def step_targets(targets: str, step: BuildStep) -> str:
    """The agreed targets with the volume of one step."""
    whole = targets_from(targets)
    part = msgspec.structs.replace(volume_of(whole), promised=step.volume)
    return targets_text(msgspec.structs.replace(whole, completeness=part))
