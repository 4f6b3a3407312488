"""Fairness in public: groups are told, and no organisation can be picked out of them."""

from __future__ import annotations

import pytest
from compute_stage import Stage, now

from madang.compute.sites.figures import shares
from madang.parties.organisations.models import Organisation
from madang.parties.policies.queries import current_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def least() -> int:
    return current_policy("disclosure", now()).number("small_cell_min")


def given(stage: Stage, region: str, organisations: int, *, grants_each: int = 1) -> None:
    """Grants of a thousand GPU-seconds to so many organisations of a region."""
    for number in range(organisations):
        code = f"{region}-{number}"
        for grant in range(grants_each):
            stage.grant(f"g-{code}-{grant}", organisation=code, gpu_seconds=1000,
                        cards_max=1)  # fmt: skip
        Organisation.objects.filter(code=code).update(region=region)


def told() -> dict[str, tuple[int, int]]:
    return {one.group: (one.grants, one.decided_gpu_seconds) for one in shares(now(), "region")}


def test_each_group_of_enough_organisations_is_told(stage, least):
    given(stage, "busan", least)
    given(stage, "daegu", least + 1, grants_each=2)
    assert told() == {
        "busan": (least, 1000 * least),
        "daegu": (2 * (least + 1), 2000 * (least + 1)),
    }


def test_many_grants_of_one_organisation_are_a_group_of_one(stage, least):
    given(stage, "jeju", 1, grants_each=least)
    assert told() == {}


def test_what_few_have_is_put_together(stage, least):
    given(stage, "busan", least)
    given(stage, "jeju", 1)
    given(stage, "ulsan", least - 1)
    assert told() == {"busan": (least, 1000 * least), "other": (least, 1000 * least)}


def test_a_group_that_is_left_alone_cannot_be_had_by_subtraction(stage, least):
    """All time of a site is told elsewhere: whatever is left out there would be one firm's."""
    given(stage, "busan", least)
    given(stage, "daegu", least + 1)
    given(stage, "jeju", 1)
    assert told() == {
        "daegu": (least + 1, 1000 * (least + 1)),
        "other": (least + 1, 1000 * (least + 1)),
    }
