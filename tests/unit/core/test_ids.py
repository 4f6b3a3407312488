"""Ids are UUID version 7, strictly increasing, whatever the clock does."""

from __future__ import annotations

import os
import threading

from hypothesis import given
from hypothesis import strategies as st

from madang.core.ids import RandomBits, Uuid7, unix_ms_of, uuid7


@given(st.lists(st.integers(0, 2**48 - 2**20), min_size=2, max_size=200))
def test_ids_never_go_down_and_never_repeat_when_the_clock_jumps(readings):
    remaining = iter(readings)
    make = Uuid7(unix_ms=lambda: next(remaining), random_bits=lambda bits: (1 << bits) - 1)
    made = [make() for _ in readings]
    assert made == sorted(set(made))
    assert all(one.version == 7 and one.variant == "specified in RFC 4122" for one in made)


def test_id_carries_the_millisecond():
    make = Uuid7(unix_ms=lambda: 1_700_000_000_123, random_bits=lambda bits: 0)
    assert unix_ms_of(make()) == 1_700_000_000_123


def test_counter_that_runs_over_borrows_the_next_millisecond():
    make = Uuid7(unix_ms=lambda: 1000, random_bits=lambda bits: 0)
    made = [make() for _ in range(5000)]
    assert len(set(made)) == 5000
    assert unix_ms_of(made[-1]) == 1001


def test_threads_never_share_an_id():
    found: list[list] = []

    def make_many() -> None:
        found.append([uuid7() for _ in range(2000)])

    threads = [threading.Thread(target=make_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for many in found for one in many}) == 8000


@given(st.integers(1, 64))
def test_random_bits_are_as_many_as_asked_for_and_fill_them(bits):
    drawn = RandomBits()
    found = [drawn(bits) for _ in range(600)]  # more than it asks the system for at once
    assert min(found) >= 0 and max(found) < 2**bits
    assert max(found).bit_length() >= bits - 6


def test_a_forked_process_draws_other_bits_than_its_parent():
    drawn = RandomBits()
    drawn(62)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, drawn(62).to_bytes(8))
        os._exit(0)
    os.waitpid(child, 0)
    assert int.from_bytes(os.read(read, 8)) != drawn(62)
    os.close(read)
    os.close(write)
