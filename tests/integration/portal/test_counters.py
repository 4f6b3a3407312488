"""What one worker of the portal has counted every other one knows."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.cache import cache

CHILD = """
import sys
import django
django.setup()
from django.core.cache import cache
print(cache.add(sys.argv[1], "y", timeout=30))
"""


def is_new_to_a_worker(data: Path, key: str) -> bool:
    words = [sys.executable, "-c", CHILD, key]
    told = subprocess.run(
        words, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "MADANG_DATA": str(data)},
    )  # fmt: skip
    return told.stdout.split() == ["True"]


def test_a_code_that_one_worker_took_is_used_for_the_others_too(tmp_path):
    told = [is_new_to_a_worker(tmp_path, code) for code in ("123456", "123456", "654321")]
    assert told == [True, False, True]


@pytest.mark.parametrize("number", range(5))
def test_of_many_that_use_a_code_at_once_one_does(number):
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: cache.add(f"code-{number}", "y", timeout=30), range(40)))
    assert sum(told) == 1


def test_what_was_counted_is_forgotten_in_time():
    assert cache.add("brief", "y", timeout=60)
    assert not cache.add("brief", "y", timeout=60)
    cache.set("brief", "y", timeout=-1)
    assert cache.add("brief", "y", timeout=60)
