"""Compute's policy: thresholds, hours and who pays, as versioned data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from madang.core.money import Ratio
from madang.parties.canonical import Json
from madang.parties.errors import FactInvalid
from madang.parties.policies.queries import Policy, ask_policy, current_policy
from madang.parties.rows import Answer

POLICY_KIND = "compute"


@dataclass(frozen=True, slots=True)
class ComputePolicy:
    """One version, as read. Every value is explained in policy.toml."""

    tranches: tuple[str, ...]
    programme_bears: frozenset[str]
    unheld_run: str
    untold_lost: timedelta
    overrun_cancel: timedelta
    stray_job: str
    kill_grace_s: int
    unclear_settle: timedelta
    unsettled_found: timedelta
    clock_skew: timedelta
    poll_overlap: timedelta
    auto_gpu_seconds_max: int
    auto_cards_max: int
    auto_days_max: int
    auto_decide: timedelta
    auto_when_late: str
    medium_cards_max: int
    share_of_class_max: Ratio
    idle_permille_max: int
    idle_window: timedelta
    idle_first_notice: timedelta
    idle_second_notice: timedelta
    idle_objection: timedelta
    idle_upheld: timedelta
    idle_measured_s_min: int
    utilisation_every: timedelta
    dataset_bytes_max: int
    dataset_keep: timedelta


CHOICES: Mapping[str, tuple[str, ...]] = {
    "preempted_by_programme": ("programme", "user"),
    "node_failure": ("programme", "user"),
    "unheld_run": ("grant", "programme"),
    "stray_job": ("charge", "leave"),
    "auto_approval_when_late": ("escalate", "approve", "refuse"),
}
NOT_ZERO = frozenset(
    {
        "medium_cards_max",
        "idle_window_hours",
        "utilisation_every_s",
        "auto_approval_decide_hours",
    }
)
PERMILLE_MAX = 1000
NUMBER_MAX = 2**53
"""Far beyond any number that is meant, and far below what a table can hold."""


def check_policy(data: Mapping[str, Json]) -> None:
    """Every value can be read as what it is. Raises FactInvalid, by its name."""
    for name, choices in CHOICES.items():
        if data[name] not in choices:
            raise FactInvalid(field=name, reason="not a valid choice")
    for name, value in data.items():
        least = 1 if name in NOT_ZERO else 0
        if isinstance(value, int) and not least <= value <= NUMBER_MAX:
            raise FactInvalid(field=name, reason="not a valid number")
    permille = data["idle_permille_max"]
    if isinstance(permille, int) and permille > PERMILLE_MAX:
        raise FactInvalid(field="idle_permille_max", reason="not a valid number")
    if not 0 < _part("share_of_class_max", data["share_of_class_max"]) <= 1:
        raise FactInvalid(field="share_of_class_max", reason="not a part of one")
    tranches = data["tranches"]
    assert isinstance(tranches, list), "a list stays one"
    parts = [_part("tranches", one) for one in tranches]
    if sum(parts) != 1 or min(parts) <= 0:
        raise FactInvalid(field="tranches", reason="not parts that make one together")


def _part(name: str, told: Json) -> Fraction:
    try:
        return Ratio.parse(str(told)).as_fraction()
    except (ValueError, ZeroDivisionError) as err:
        raise FactInvalid(field=name, reason="not a part such as 1/2") from err


BEARABLE = ("preempted_by_programme", "node_failure")


def policy_at(at: datetime) -> ComputePolicy:
    """The version that holds at an instant. Raises PolicyUnknown before the first migration."""
    policy = current_policy(POLICY_KIND, at)
    return ComputePolicy(
        tranches=tuple(policy.texts("tranches")),
        programme_bears=frozenset(one for one in BEARABLE if policy.text(one) == "programme"),
        unheld_run=policy.text("unheld_run"),
        untold_lost=timedelta(seconds=policy.number("untold_lost_s")),
        overrun_cancel=timedelta(seconds=policy.number("overrun_cancel_s")),
        stray_job=policy.text("stray_job"),
        kill_grace_s=policy.number("kill_grace_s"),
        unclear_settle=timedelta(seconds=policy.number("unclear_settle_s")),
        unsettled_found=timedelta(seconds=policy.number("unsettled_found_s")),
        clock_skew=timedelta(seconds=policy.number("clock_skew_s")),
        poll_overlap=timedelta(seconds=policy.number("poll_overlap_s")),
        auto_gpu_seconds_max=policy.number("auto_approval_gpu_seconds_max"),
        auto_cards_max=policy.number("auto_approval_cards_max"),
        auto_days_max=policy.number("auto_approval_days_max"),
        auto_decide=_hours(policy, "auto_approval_decide_hours"),
        auto_when_late=policy.text("auto_approval_when_late"),
        medium_cards_max=policy.number("medium_cards_max"),
        share_of_class_max=policy.ratio("share_of_class_max"),
        idle_permille_max=policy.number("idle_permille_max"),
        idle_window=_hours(policy, "idle_window_hours"),
        idle_first_notice=_hours(policy, "idle_first_notice_hours"),
        idle_second_notice=_hours(policy, "idle_second_notice_hours"),
        idle_objection=_hours(policy, "idle_objection_hours"),
        idle_upheld=_hours(policy, "idle_upheld_hours"),
        idle_measured_s_min=policy.number("idle_measured_seconds_min"),
        utilisation_every=timedelta(seconds=policy.number("utilisation_every_s")),
        dataset_bytes_max=policy.number("dataset_bytes_max"),
        dataset_keep=timedelta(days=policy.number("dataset_keep_days")),
    )


def ask_unclear_settle(at: datetime) -> Answer[timedelta]:
    """As policy_at's `unclear_settle`, read when it is called: see rows.asked."""
    policy = ask_policy(POLICY_KIND, at)
    return lambda: timedelta(seconds=policy().number("unclear_settle_s"))


def _hours(policy: Policy, name: str) -> timedelta:
    return timedelta(hours=policy.number(name))
