"""A release brings names of policy: nobody waits for them until an announced day comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps

from madang.parties.models import PolicyVersion
from madang.parties.policies.queries import current_policy
from madang.parties.policies.seeding import give_names

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NEXT_YEAR = NOW + timedelta(days=300)
WANTED = {"days": 7, "rooms": []}


def held(version: int, valid_from: datetime, **data) -> None:
    PolicyVersion.objects.create(
        kind="zoo", version=version, valid_from=valid_from, data=data, sha256="0" * 64,
        created_by="system", created_at=NOW,
    )  # fmt: skip


def says(at: datetime) -> dict:
    return current_policy("zoo", at).data


def test_what_holds_today_and_what_is_announced_both_learn_the_new_names() -> None:
    held(1, NOW - timedelta(days=900), days=3)
    held(2, NOW - timedelta(days=9), days=4)
    held(3, NEXT_YEAR, days=5)
    for _ in range(2):
        give_names(apps, "zoo", WANTED)
    assert says(NOW) == {"days": 4, "rooms": []}
    assert says(NEXT_YEAR) == {"days": 5, "rooms": []}
    assert PolicyVersion.objects.filter(kind="zoo").count() == 6, "again is nothing"
    latest = PolicyVersion.objects.filter(kind="zoo").order_by("-version").first()
    assert latest.data["days"] == 5, "the next declaration changes what was said last"


def test_what_was_said_last_stays_last_although_only_an_older_one_lacks_a_name() -> None:
    held(1, NOW - timedelta(days=9), days=4)
    held(2, NEXT_YEAR, days=5, rooms=["10.0.0.0/8"])
    give_names(apps, "zoo", WANTED)
    latest = PolicyVersion.objects.filter(kind="zoo").order_by("-version").first()
    assert (says(NOW)["rooms"], latest.data["days"]) == ([], 5)


def test_a_document_that_nobody_had_begins_with_the_first_policies() -> None:
    give_names(apps, "zoo", WANTED)
    assert says(NOW) == WANTED
