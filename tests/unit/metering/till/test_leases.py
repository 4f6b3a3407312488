"""How large a lease is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from madang.metering.till.leases import lease_size
from madang.metering.till.settings import Backoff


@pytest.mark.parametrize(
    ("need", "like", "spendable", "size"),
    [
        (10, 20, 1000, 20),  # what two seconds would use
        (10, 500, 1000, 250),  # but no more than one part in four
        (400, 500, 1000, 400),  # and never less than the need
        (10, 10, 10, 10),  # the last of it
    ],
)
def test_lease_takes_what_is_liked_within_its_share(need, like, spendable, size) -> None:
    assert lease_size(need=need, like=like, spendable=spendable) == size


def test_leases_shrink_as_the_remainder_shrinks() -> None:
    left, sizes = 1_000_000, []
    while left:
        sizes.append(lease_size(need=1, like=10**9, spendable=left))
        left -= sizes[-1]

    assert all(later <= earlier for earlier, later in pairwise(sizes))


def test_backoff_doubles_to_its_limit_and_starts_anew() -> None:
    backoff = Backoff(1.0, 5.0)
    pauses = []
    for _ in range(4):
        backoff.grow()
        pauses.append(backoff.pause_s)
    backoff.reset()

    assert pauses == [2.0, 4.0, 5.0, 5.0]
    assert backoff.pause_s == 1.0
