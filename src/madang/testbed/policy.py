"""The test-bed's policy: days and limits, as versioned data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from madang.parties.policies.queries import current_policy

POLICY_KIND = "testbed"


@dataclass(frozen=True, slots=True)
class TestbedPolicy:
    """One version, as read. Every value is explained in policy.toml."""

    appeal: timedelta
    archive_bytes_max: int
    files_bytes_max: int
    open_submissions_max: int


def policy_at(at: datetime) -> TestbedPolicy:
    policy = current_policy(POLICY_KIND, at)
    return TestbedPolicy(
        appeal=timedelta(days=policy.number("appeal_days")),
        archive_bytes_max=policy.number("archive_bytes_max"),
        files_bytes_max=policy.number("files_bytes_max"),
        open_submissions_max=policy.number("open_submissions_max"),
    )
