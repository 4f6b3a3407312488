from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.parties.canonical import canonical_bytes, digest_of

LEAVES = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(st.dictionaries(st.text(), VALUES))
def test_order_of_keys_does_not_change_the_digest(value) -> None:
    turned = dict(reversed(list(value.items())))
    assert digest_of(value) == digest_of(turned)


@pytest.mark.parametrize("value", [1.0, [1, 2.5], {"a": {"b": [0.1]}}])
def test_float_is_refused_at_any_depth(value) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)


def test_korean_text_is_written_as_itself() -> None:
    assert canonical_bytes({"나": 1, "가": True}) == '{"가":true,"나":1}'.encode()


def test_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical_bytes({1: "one"})  # type: ignore[dict-item]
