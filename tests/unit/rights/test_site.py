"""What a site amounts to for one path is what its statements say, however it was worked out."""

from __future__ import annotations

import random

import pytest

from madang.rights.signals import vector_of
from madang.rights.site import Kind, SiteFile, SiteRules, State

LINES = [
    *("User-agent: *", "User-agent: MadangBot", "User-agent: GPTBot", "User-agent: CCBot", ""),
    *("Disallow: /", "Disallow: /a", "Disallow: odd", "disallow /x", "Allow: /a/b"),
    *(
        "Content-Signal: ai-train=no",
        "Content-Usage: train-ai=n",
        "Content-Usage: /a train-ai=n",
        "Content-Usage: /a/b train-ai=n,",
    ),
    *("License: https://e.example/l.xml", "# Text and data mining is prohibited", "# hi", "\0"),
]
CONTENTS = {
    Kind.TDMREP: [b"[]", b"{", b'[{"location":"/a","tdm-reservation":1}]'],
    Kind.AI_TXT: [b"User-Agent: *\nDisallow: *.jpg\n", b"x"],
    Kind.AI_WELLKNOWN: [b"x"],
    Kind.TRUST: [b"datatrainingallowed=no", b"x"],
}
OFTEN = (Kind.ROBOTS, Kind.TDMREP)
LICENCE = {"https://e.example/l.xml": b'<rsl xmlns="https://rslstandard.org/rsl"/>'}


def site_file(rng, kind):
    state = rng.choice([State.PRESENT, State.PRESENT, *State])
    lines = [rng.choice(LINES) for _ in range(rng.randrange(12))]
    content = rng.choice(CONTENTS.get(kind, ["\n".join(lines).encode()]))
    return SiteFile(state, content if state is State.PRESENT else b"")


@pytest.mark.parametrize("seed", range(8))
def test_the_vector_of_a_path_is_the_vector_of_its_statements(seed):
    rng, usual = random.Random(seed), 0
    for _ in range(150):
        files = {
            k: site_file(rng, k) for k in Kind if rng.random() < (0.8 if k in OFTEN else 0.1)
        }
        licences = LICENCE if rng.random() < 0.1 else {}
        fetch = rng.choice(["MadangBot", "CCBot/2.0"])
        rules = SiteRules(files, fetch_token=fetch, licences=licences)
        for path in (b"/", b"/a", b"/a/b/c", b"/x.jpg"):
            assert rules.vector_for(path) == vector_of(rules.all_signals(path))
        usual += rules._is_usual
    assert 0 < usual < 150


NAMED = "User-agent: *\nAllow: /\n\nUser-agent: GPTBot\n%s\nAllow: /\n"


@pytest.mark.parametrize(
    ("line", "path", "is_said"),
    [
        ("Content-Usage: train-ai=n", b"/b", True),
        ("Content-Usage: / train-ai=n", b"/b", True),
        ("Content-Usage: /news/ train-ai=n", b"/news/a", True),
        ("Content-Usage: /news/ train-ai=n", b"/b", False),
        ("Content-Usage: /news/ train-ai=y\nContent-Usage: train-ai=n", b"/b", True),
        ("Content-Usage: train-ai=y", b"/b", False),
        ("Content-Usage: train-ai=n,", b"/b", True),
        ("Content-Signal: ai-train=no", b"/b", True),
        ("Content-Signal: ai-train=yes", b"/b", False),
        ("Content-Signal: /news/ ai-train=no", b"/b", True),
    ],
)
def test_a_line_for_a_named_agent_of_training_refuses_the_paths_that_it_is_about(
    line, path, is_said
):
    rules = SiteRules({Kind.ROBOTS: SiteFile(State.PRESENT, (NAMED % line).encode())})
    said = dict(rules.vector_for(path))
    assert ("robots/named@file" in said) == is_said
    assert rules.vector_for(path) == vector_of(rules.all_signals(path))
