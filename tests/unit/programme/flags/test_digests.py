"""What is written alike is one value, and what is not stays two."""

from __future__ import annotations

import pytest

from madang.programme.flags.digests import plain_address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("서울특별시 강남구 테헤란로 123, 4층", "서울시 강남구 테헤란로 123 (역삼동) 4층"),
        ("서울 강남구 테헤란로123 4층", "서울특별시  강남구 테헤란로 123, 4층"),
        ("경상남도 창원시 중앙대로 151", "경남 창원시 중앙대로 １５１"),
        ("제주특별자치도 제주시 첨단로 242", "제주도 제주시 첨단로 242"),
        ("12 Teheran-ro, Seoul", "12 teheran-RO Seoul"),
    ],
)
def test_spellings_of_one_address_are_one(one, other) -> None:
    assert plain_address(one) == plain_address(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("서울 강남구 테헤란로 12, 34층", "서울 강남구 테헤란로 123, 4층"),
        ("서울 중구 세종대로 1", "부산 중구 세종대로 1"),
        ("광주광역시 북구 1", "경기도 광주시 북구 1"),
        ("서울 중구 1-11", "서울 중구 11-1"),
    ],
)
def test_neighbours_are_not_one_address(one, other) -> None:
    assert plain_address(one) != plain_address(other)


def test_no_address_is_none() -> None:
    assert plain_address("") == plain_address(" (-) ") == ""
