"""GPU-seconds are counted in one place: equal facts cost the same in every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.compute.engines.types import AttemptFact, RunState
from madang.compute.lines.amounts import amounts_of, gpu_ms_of

START = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
BEARS = frozenset({"preempted_by_programme", "node_failure"})


@given(
    cards=st.integers(0, 4096), lasted_ms=st.integers(0, 10**10), held=st.integers(0, 10**9),
    state=st.sampled_from([one for one in RunState if not one.is_live]),
)  # fmt: skip
def test_what_the_user_pays_and_what_is_borne_are_the_whole_and_never_above_the_hold(
    cards, lasted_ms, held, state
):
    gpu_ms = gpu_ms_of(cards, START, START + timedelta(milliseconds=lasted_ms))
    found = amounts_of(
        gpu_ms=gpu_ms, state=state, reached_gpu_seconds=held, programme_bears=BEARS
    )
    assert gpu_ms == cards * lasted_ms
    assert found.gpu_seconds == -(-gpu_ms // 1000)
    assert found.user_gpu_seconds <= held
    assert (found.user_gpu_seconds == 0) or state not in {
        RunState.PREEMPTED, RunState.NODE_FAIL,
    }  # fmt: skip


@pytest.mark.parametrize("source", ["accounting", "controller", "node"])
def test_equal_work_has_equal_keys_and_digests_in_every_source(source):
    end = START + timedelta(seconds=90)
    made = [
        AttemptFact("7", "k", "a", 4, START, START, end, 0, RunState.COMPLETED, one)
        for one in ("accounting", source)
    ]
    assert made[0].attempt_key == made[1].attempt_key
    assert made[0].digest == made[1].digest


def test_an_attempt_that_never_held_a_card_costs_nothing():
    assert gpu_ms_of(8, None, START) == 0
    assert gpu_ms_of(8, START, None) == 0
