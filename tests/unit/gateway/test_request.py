"""Reading a body and writing the supplier's: what was priced is what is sent."""

from __future__ import annotations

import json
import os
import random

import msgspec
import pytest

from madang.core.units import Unit
from madang.gateway import _request
from madang.gateway._bounds import Tariff, bound_of
from madang.gateway.errors import RequestMalformed

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))
MODEL = msgspec.Raw(b'"up"')
TEXTS = [
    "마당",
    "\n",
    '"',
    "\\",
    "max_tokens",
    '{"max_tokens":1}',
    "é",
    "\u0000",
    "😀",
    "x" * 50,
]
SPACES = ["", " ", "\n\t", "  "]


def random_value(rng: random.Random, depth: int = 0):
    kind = rng.randrange(7 if depth < 3 else 4)
    if kind == 0:
        return rng.choice([None, True, False, 0.25, -3, 10**20])
    if kind < 4:
        return "".join(rng.choice(TEXTS) for _ in range(rng.randrange(4)))
    if kind == 4:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(3))]
    return {rng.choice(TEXTS): random_value(rng, depth + 1) for _ in range(rng.randrange(3))}


def random_body(rng: random.Random) -> tuple[bytes, dict]:
    """A body with random spacing and order, perhaps with a name twice: the last one counts."""
    facts = {"model": "m", "messages": [{"role": "user", "content": rng.choice(TEXTS)}]}
    for name in rng.sample(["temperature", "tools", "user", "x", "metadata"], 3):
        facts[name] = random_value(rng)
    if rng.random() < 0.7:
        facts["max_tokens"] = rng.randrange(1, 10**6)
    if rng.random() < 0.5:
        facts["stream"] = True
    items = list(facts.items())
    rng.shuffle(items)
    if rng.random() < 0.3 and "max_tokens" in facts:
        items.insert(0, ("max_tokens", 10**7))
    space = rng.choice(SPACES)
    ascii_only = rng.random() < 0.5
    pairs = (
        f"{json.dumps(name)}{space}:{space}{json.dumps(value, ensure_ascii=ascii_only)}"
        for name, value in items
    )
    return (space + "{" + f"{space},{space}".join(pairs) + "}" + space).encode(), facts


def test_the_suppliers_body_is_the_callers_with_our_fields():
    rng = random.Random(41)
    for _ in range(COUNT):
        raw, facts = random_body(rng)
        ask = _request.read_chat(raw)
        assert ask.max_tokens == facts.get("max_tokens", 0)
        limit = rng.randrange(1, 100)
        pairs = json.loads(
            _request.splice(ask, MODEL, limit), object_pairs_hook=lambda pairs: pairs
        )
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names))
        sent = json.loads(_request.splice(ask, MODEL, limit))
        expected = facts | {"model": "up", "max_tokens": limit}
        if facts.get("stream"):
            expected["stream_options"] = {"include_usage": True}
        assert sent == expected


def test_the_bytes_of_a_value_travel_untouched():
    value = b'[ {"role":"user", "content":"\\u00e9\\ud83d\\ude00 1.0e5" } ]'
    raw = b'{"model":"m","messages":' + value + b',"temperature":1.0e0}'
    sent = _request.splice(_request.read_chat(raw), MODEL, 5)
    assert value in sent
    assert b'"temperature":1.0e0' in sent


def test_input_tokens_are_bounded_by_bytes_whatever_the_escapes():
    """A byte-level token is a byte at least, an escape never shorter than its text."""
    rng = random.Random(42)
    for _ in range(COUNT // 10):
        text = "".join(rng.choice(TEXTS) for _ in range(rng.randrange(8)))
        messages = [{"role": "user", "content": text}]
        for ascii_only in (True, False):
            raw = json.dumps({"model": "m", "messages": messages}, ensure_ascii=ascii_only)
            assert _request.read_chat(raw.encode()).input_bytes >= len(text.encode())


def test_a_bound_never_falls_below_what_may_be_charged():
    """Price any usage within the limits: the reservation covers it. And a clamp fits."""
    rng = random.Random(43)
    for _ in range(COUNT):
        prices = {
            Unit(unit): rng.randrange(10 ** rng.randrange(1, 13))
            for unit in ("token.in", "token.in.cached", "token.in.cache_write", "token.out")
        }
        tariff = Tariff.of(prices)
        ask = _request.Ask(
            model="m",
            fields={},
            stream=False,
            wants_usage=False,
            input_bytes=rng.randrange(10**5),
            prompts=1,
            answers=rng.randrange(1, 5),
            max_tokens=rng.choice([0, rng.randrange(1, 10**5)]),
        )
        bound = bound_of(ask, tariff, context_tokens_max=rng.randrange(1, 10**5),
                         overhead_tokens=rng.randrange(100))  # fmt: skip
        used_in = rng.randrange(bound.input_tokens + 1)
        used_out = rng.randrange(ask.answers * bound.max_tokens + 1)
        cached = rng.randrange(used_in + 1)
        total = (
            (used_in - cached) * prices["token.in"]
            + cached * prices["token.in.cached"]
            + used_out * prices["token.out"]
        )
        assert bound.full_microwon * 10**6 >= total
        free = rng.randrange(bound.full_microwon + 1)
        fitting = bound.fitting(free)
        if fitting:
            assert bound.at(fitting) <= free
        if fitting < bound.max_tokens:
            assert bound.at(fitting + 1) > free
        if free >= bound.least_microwon:
            assert fitting >= 1


PROMPTS = {
    "a text": ("hi", 1),
    "texts": (["a", "b", "c"], 3),
    "tokens": ([1, 2, 3], 1),
    "lists of tokens": ([[1, 2], [3]], 2),
}


@pytest.mark.parametrize(("prompt", "count"), PROMPTS.values(), ids=PROMPTS)
def test_each_prompt_has_its_own_answers(prompt, count):
    raw = json.dumps({"model": "m", "prompt": prompt, "n": 2, "best_of": 3}).encode()
    ask = _request.read_completion(raw)
    assert (ask.prompts, ask.answers) == (count, 3 * count)
    assert ask.max_tokens == _request.COMPLETION_TOKENS_DEFAULT


@pytest.mark.parametrize("prompt", [None, 5, {}, []])
def test_a_prompt_of_another_kind_is_refused(prompt):
    with pytest.raises(RequestMalformed):
        _request.read_completion(json.dumps({"model": "m", "prompt": prompt}).encode())


def test_tools_and_schemas_count_into_the_bound():
    plain = _request.read_chat(b'{"model":"m","messages":[]}').input_bytes
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    raw = json.dumps({"model": "m", "messages": [], "tools": tools}).encode()
    assert _request.read_chat(raw).input_bytes >= plain + len(json.dumps(tools))


def test_a_costly_field_that_is_off_is_no_reason_to_refuse():
    raw = b'{"model":"m","messages":[],"use_beam_search":false,"prediction":null}'
    assert _request.read_chat(raw).model == "m"
