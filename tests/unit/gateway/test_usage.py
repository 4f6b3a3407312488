"""Usage at the top level of JSON, and nowhere else."""

from __future__ import annotations

import json
import os
import random

import pytest

from madang.gateway._usage import Tokens, find_usage, is_error, may_carry_usage, tokens_of

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))
SPOOFS = ['"usage":{"prompt_tokens":1}', '"usage"', "usage", '\\"usage\\":null', '"usage":null']


def test_usage_is_found_only_at_the_top_whatever_the_text_says():
    rng = random.Random(31)
    for _ in range(COUNT):
        text = "".join(
            rng.choice([*SPOOFS, "마당", "}", "\n"]) for _ in range(rng.randrange(5))
        )
        prompt, output = rng.randrange(2**20), rng.randrange(2**20)
        event: dict = {"choices": [{"delta": {"content": text, "usage": {"prompt_tokens": 3}}}]}
        has_usage = rng.random() < 0.5
        if has_usage:
            event["usage"] = {"prompt_tokens": prompt, "completion_tokens": output}
        elif rng.random() < 0.5:
            event["usage"] = None
        raw = json.dumps(event, ensure_ascii=rng.random() < 0.5, separators=(",", ":")).encode()
        found = find_usage(raw)
        assert found.tokens == (Tokens(prompt, 0, 0, output) if has_usage else None)
        assert not found.is_suspicious
        if has_usage:
            assert may_carry_usage(raw)


def test_the_filter_waves_null_usage_through_without_a_parser():
    assert not may_carry_usage(b'{"choices":[],"usage":null}')
    assert not may_carry_usage(b'{"choices":[{"delta":{"content":"say \\"usage\\" twice"}}]}')
    assert may_carry_usage(b'{"usage":null,"x":{"usage":{}}}')


CLASSES = {
    "plain": ({"prompt_tokens": 9, "completion_tokens": 4}, Tokens(9, 0, 0, 4)),
    "cached": (
        {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 5},
        },
        Tokens(4, 5, 0, 4),
    ),
    "reasoning is part of the output": (
        {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        Tokens(9, 0, 0, 4),
    ),
    "written to a cache": (
        {"prompt_tokens": 9, "prompt_tokens_details": {"cache_creation_tokens": 2}},
        Tokens(7, 0, 2, 0),
    ),
    "null details": ({"prompt_tokens": 9, "prompt_tokens_details": None}, Tokens(9)),
}


@pytest.mark.parametrize(("usage", "tokens"), CLASSES.values(), ids=CLASSES)
def test_token_classes_are_disjoint(usage, tokens):
    assert tokens_of(json.dumps(usage).encode()) == tokens


STRANGE = [
    b"[]", b"7", b'"x"', b"{}", b'{"prompt_tokens":-1}', b'{"prompt_tokens":4294967296}',
    b'{"prompt_tokens":1.5}', b'{"prompt_tokens":true}', b'{"prompt_tokens":"1"}',
    b'{"prompt_tokens":1e3}', b'{"prompt_tokens":1,"completion_tokens":[]}',
    b'{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}',
    b'{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":-2}}',
]  # fmt: skip


@pytest.mark.parametrize("usage", STRANGE)
def test_strange_numbers_are_no_usage(usage):
    assert tokens_of(usage) is None
    assert find_usage(b'{"usage":' + usage + b"}").is_suspicious


def test_an_error_is_known_at_the_top_only():
    assert is_error(b'{"error":{"message":"no"}}')
    assert not is_error(b'{"error":null}')
    assert not is_error(b'{"choices":[{"error":1}]}')
    assert not is_error(b"<html>")
