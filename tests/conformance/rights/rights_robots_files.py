"""A generator of robots files and paths: the same seed gives the same files."""

from __future__ import annotations

import random
from dataclasses import dataclass

TOKENS = ["*", "FooBot", "foobot", "GPTBot", "CCBot", "Other", "FooBot/2.0"]
SEGMENTS = ["a", "b", "ab", "img", "p", "page", "마당", "%ED%95%9C", "x.html", "q?k=v"]
MARKS = ["", "", "", "*", "$", "*$", "/"]


@dataclass(frozen=True, slots=True)
class Case:
    text: str
    token: str
    path: str


def pattern(rng: random.Random) -> str:
    parts = [rng.choice(SEGMENTS) for _ in range(rng.randint(0, 3))]
    text = "/" + "/".join(parts)
    if rng.random() < 0.25:
        at = rng.randint(1, len(text))
        text = text[:at] + "*" + text[at:]
    return text + rng.choice(MARKS)


def robots_file(rng: random.Random) -> str:
    lines = []
    for _ in range(rng.randint(1, 4)):
        lines += [f"User-agent: {rng.choice(TOKENS)}" for _ in range(rng.randint(1, 2))]
        for _ in range(rng.randint(0, 5)):
            verb = rng.choice(["Allow", "Disallow", "Disallow", "disallow"])
            lines.append(f"{verb}: {pattern(rng) if rng.random() > 0.05 else ''}")
            if rng.random() < 0.05:
                lines.append(rng.choice(["", "# note", "Sitemap: https://e.example/s.xml"]))
    return rng.choice(["\n", "\r\n"]).join(lines) + "\n"


def path(rng: random.Random) -> str:
    parts = [rng.choice(SEGMENTS[:8]) for _ in range(rng.randint(0, 4))]
    return "/" + "/".join(parts) + rng.choice(["", "/", ".gif", "?k=v"])


def cases(seed: int, count: int) -> list[Case]:
    rng = random.Random(seed)
    return [
        Case(robots_file(rng), rng.choice(["FooBot", "GPTBot", "Zed"]), path(rng))
        for _ in range(count)
    ]
