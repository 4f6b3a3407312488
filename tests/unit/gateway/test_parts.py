"""Small parts: rates, price sets, coverage, sealed answers, what is public."""

from __future__ import annotations

from uuid import UUID

import pytest

import madang.gateway
from madang.gateway._catalogue import NEVER_US, covers, price_set_at
from madang.gateway._idempotency import Replay, seal, unseal
from madang.gateway._rate import SLOTS, RateBoard, RateWindow
from madang.wire.messages import Offering, PriceSet


@pytest.fixture
def board(tmp_path):
    found = RateBoard(tmp_path, 0)
    yield found
    found.close()


def test_a_rate_is_kept_over_the_border_of_a_minute(board):
    window = RateWindow(1, board)
    assert sum(window.admit(59.0, 10) for _ in range(20)) == 10
    assert not window.admit(60.0, 10)
    assert sum(window.admit(90.0, 10) for _ in range(20)) == 5
    assert window.retry_after_s(90.0) == 31


def test_workers_of_one_host_share_a_rate(tmp_path, board):
    other = RateBoard(tmp_path, 1)
    board.refresh()
    here, there = RateWindow(7, board), RateWindow(7, other)
    taken = sum(here.admit(10.0, 10) + there.admit(10.0, 10) for _ in range(20))
    assert taken == 10
    assert sum(there.admit(90.0, 10) for _ in range(20)) == 5
    assert RateWindow(7 + SLOTS, other).admit(90.0, 1)  # another key in the same place
    assert other.statistics().others == 1
    other.close()


def test_patterns_cover_what_begins_like_them():
    assert covers(["nuri/*"], "nuri/small")
    assert covers(["nuri/small"], "nuri/small")
    assert covers(["*"], "any/thing")
    assert not covers(["nuri/*"], "nurix/small")
    assert not covers([], "nuri/small")


def offering(*sets: PriceSet) -> Offering:
    return Offering(
        no=1, id=UUID(int=1), code="a/b", supplier=UUID(int=2), listed=True, upstream="",
        upstream_model="", upstream_key="", allow_private=True, context_tokens_max=1,
        abort_policy="drain", uses=[], strict=False, price_sets=list(sets),
    )  # fmt: skip


def price_set(no: int, since: int, until: int = 0, kinds: tuple[str, ...] = ()) -> PriceSet:
    return PriceSet(
        no=no, prices={}, kinds=list(kinds), valid_from_us=since, valid_until_us=until
    )


def test_the_price_set_of_an_instant():
    found = offering(price_set(1, 0, 100), price_set(2, 100), price_set(3, 50, 0, ("sme",)))
    assert price_set_at(found, "university", 99)[0].no == 1
    assert price_set_at(found, "university", 100)[0].no == 2
    assert price_set_at(found, "sme", 49)[0].no == 1
    assert price_set_at(found, "sme", 50)[0].no == 3
    assert price_set_at(found, "sme", 49)[1] == 50
    assert price_set_at(found, "sme", 200)[1] == NEVER_US
    assert price_set_at(offering(price_set(1, 10)), "sme", 9) == (None, 0)


def test_only_who_shows_the_secret_reads_a_sealed_answer():
    call, answer = UUID(int=7), Replay(call="c", is_stream=False, body="마당".encode())
    sealed = seal(b"secret", call, answer)
    assert unseal(b"secret", call, sealed) == answer
    assert unseal(b"other", call, sealed) is None
    assert unseal(b"secret", UUID(int=8), sealed) is None
    assert unseal(b"secret", call, sealed[:-1]) is None
    assert "마당".encode() not in sealed


def test_static_tools_see_every_public_name():
    assert sorted(madang.gateway.__all__) == ["Limits", "Settings", "serve"]
    assert all(hasattr(madang.gateway, name) for name in madang.gateway.__all__)
