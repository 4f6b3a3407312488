"""The framer against an oracle: whole events, whatever the cuts, the line ends, the content."""

from __future__ import annotations

import os
import random

import pytest

from madang.gateway._sse import EventTooLarge, Framer, data_of, event_with, events_of

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))
ALPHABET = ["a", "마당", "\\n", '"usage":{', "[DONE]", ":", " ", "data: ", "é", "{}"]


def oracle(text: str) -> list[str]:
    """The event stream specification, line by line: the data of each dispatched event."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found, lines = [], []
    for line in text.split("\n")[:-1]:
        if line == "":
            if lines:
                found.append("\n".join(lines))
            lines = []
        elif line.startswith("data:"):
            value = line[5:]
            lines.append(value[1:] if value.startswith(" ") else value)
        elif line == "data":
            lines.append("")
    return found


def random_stream(rng: random.Random) -> str:
    eol = rng.choice(["\n", "\n", "\r\n", "\r"])
    parts = []
    for _ in range(rng.randrange(6)):
        if rng.random() < 0.2:
            parts.append(rng.choice([": ping", "event: x", "id: 3", "retry: 9", "other"]) + eol)
        for _ in range(rng.randrange(1, 3)):
            value = "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(5)))
            parts.append(f"data:{rng.choice(['', ' '])}{value}{eol}")
        parts.append(eol)
    return "".join(parts)


def test_events_come_whole_however_the_network_cuts_them():
    rng = random.Random(21)
    for _ in range(COUNT):
        text = random_stream(rng)
        raw, framer, blocks = text.encode(), Framer(10**6), []
        while raw:
            size = rng.choice((1, 2, 3, 5, 11, 1000))
            blocks.append(framer.feed(raw[:size]))
            raw = raw[size:]
        found = [
            data_of(event).decode()
            for block in blocks
            for event in events_of(block)
            if any(line.startswith(b"data") for line in event.split(b"\n"))
        ]
        assert found == oracle(text)
        assert all(block == b"" or block.endswith(b"\n\n") for block in blocks)


def test_what_is_not_whole_stays_inside():
    framer = Framer(100)
    assert framer.feed(b"data: 1") == b""
    assert framer.feed(b"\n") == b""
    assert framer.rest == b"data: 1\n"
    assert framer.feed(b"\ndata: 2") == b"data: 1\n\n"


def test_an_event_without_an_end_is_refused_at_its_limit():
    framer = Framer(100)
    framer.feed(b"x" * 100)
    with pytest.raises(EventTooLarge):
        framer.feed(b"x")


def test_an_event_reads_back_as_it_was_written():
    assert data_of(events_of(event_with(b'{"a":1}', "ping"))[0]) == b'{"a":1}'
