"""Compute's policy: thresholds, hours and who pays, as versioned data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from madang.core.money import Ratio
from madang.parties.policies.queries import Policy, current_policy

POLICY_KIND = "compute"


@dataclass(frozen=True, slots=True)
class ComputePolicy:
    """One version, as read. Every value is explained in policy.toml."""

    tranches: tuple[str, ...]
    programme_bears: frozenset[str]
    unheld_run: str
    untold_lost: timedelta
    overrun_cancel: timedelta
    kill_grace_s: int
    unclear_settle: timedelta
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
        kill_grace_s=policy.number("kill_grace_s"),
        unclear_settle=timedelta(seconds=policy.number("unclear_settle_s")),
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


def _hours(policy: Policy, name: str) -> timedelta:
    return timedelta(hours=policy.number(name))
