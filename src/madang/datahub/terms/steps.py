"""Steps of a project and the targets they are held against: one file of targets says it all.

Volume and unit are those of the target `completeness`, classes those of `balance`: a number of
the agreement that its check does not measure cannot be written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec import Struct

from madang.core.errors import Words
from madang.core.money import is_whole_won, won_digits
from madang.datahub.errors import ProposalInvalid
from madang.datahub.quality.targets import Completeness, Targets, targets_from, targets_text
from madang.parties.canonical import Json, digest_of

STEPS_MAX = 12
NO_VOLUME = Words(
    "no section completeness, so no volume is promised",
    "completeness 구역이 없어 약속한 물량이 없습니다",
)


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
        raise ProposalInvalid(field="targets", reason=NO_VOLUME)
    return targets.completeness


def steps_from(raw: Json, targets: Targets, *, total_microwon: int) -> tuple[BuildStep, ...]:
    """Raises ProposalInvalid: volumes rise to what is promised, amounts add up to the total."""
    try:
        steps = tuple(msgspec.convert(raw, list[BuildStep]))
    except msgspec.ValidationError as err:
        raise ProposalInvalid(field="steps", reason=_unread(err)) from err
    promised = volume_of(targets).promised
    volumes, days = [one.volume for one in steps], [one.due_on for one in steps]
    amounts = [one.amount_microwon for one in steps]
    named = all(one.name_ko and one.name_en for one in steps)
    rising = volumes == sorted(set(volumes)) and min(volumes, default=1) >= 1
    last, asked, summed = volumes[-1:], won_digits(total_microwon), won_digits(sum(amounts))
    held = (
        (1 <= len(steps) <= STEPS_MAX, f"from 1 to {STEPS_MAX} are needed",
         f"1~{STEPS_MAX}단계가 필요합니다"),
        (named, "a step needs a name", "단계마다 이름이 필요합니다"),
        (rising, "volumes do not rise", "누적 물량은 단계마다 늘어야 합니다"),
        (days == sorted(days), "days do not follow each other", "날짜가 순서대로가 아닙니다"),
        (last == [promised], f"the last volume is not {promised}, which the targets promise",
         f"마지막 누적 물량이 목표 파일의 {promised}이(가) 아닙니다"),
        (all(one >= 0 and is_whole_won(one) for one in amounts), "amounts are whole won",
         "금액은 원 단위의 0 이상 정수여야 합니다"),
        (sum(amounts) == total_microwon,
         f"amounts add up to {summed} won, the application asks for {asked} won",
         f"금액의 합 {summed}원이 신청 금액 {asked}원과 다릅니다"),
    )  # fmt: skip
    for is_held, en, ko in held:
        if not is_held:
            raise ProposalInvalid(field="steps", reason=Words(en, ko))
    return steps


def _unread(error: msgspec.ValidationError) -> Words:
    what, _, place = str(error).partition(" - at ")
    shown = place.strip("`").removeprefix("$")
    return Words(str(error), f"단계{shown}의 값이 맞지 않습니다({what})")


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
