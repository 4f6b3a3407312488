"""Metering's policy: numbers of days and hours, as versioned data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Literal

from madang.parties.models import PolicyVersion

POLICY_KIND = "metering"


@dataclass(frozen=True, slots=True)
class MeteringPolicy:
    """One version, as read. Every field is explained in policy.toml."""

    price_notice_days: int
    unsettled_after_hours: int
    unsettled_charge: Literal["nothing", "observed"]
    idempotency_keep_hours: int
    replay_keep_hours: int

    @property
    def price_notice(self) -> timedelta:
        return timedelta(days=self.price_notice_days)

    @property
    def unsettled_after(self) -> timedelta:
        return timedelta(hours=self.unsettled_after_hours)

    @property
    def idempotency_keep(self) -> timedelta:
        return timedelta(hours=self.idempotency_keep_hours)

    @property
    def replay_keep(self) -> timedelta:
        return timedelta(hours=self.replay_keep_hours)


def policy_at(at: datetime) -> MeteringPolicy:
    """The newest version that holds at an instant; the packaged one where none does."""
    found = (
        PolicyVersion.objects.filter(kind=POLICY_KIND, valid_from__lte=at)
        .order_by("-valid_from", "-version")
        .values_list("data", flat=True)
        .first()
    )
    return _read({**_packaged(), **(found or {})})


@cache
def _packaged() -> Mapping[str, int | str]:
    text = resources.files("madang.metering").joinpath("policy.toml").read_text("utf-8")
    return tomllib.loads(text)


def _read(data: Mapping[str, int | str]) -> MeteringPolicy:
    return MeteringPolicy(**{field.name: data[field.name] for field in fields(MeteringPolicy)})  # type: ignore[arg-type]  # checked where a version is written
