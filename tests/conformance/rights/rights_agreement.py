"""Compares our robots engine with independent parsers and explains every disagreement.

An explanation is a rewriting that keeps the meaning by RFC 9309 and under which the peer
agrees: it shows which habit of the peer made the difference.
"""

from __future__ import annotations

import re
import urllib.parse
from collections import Counter
from collections.abc import Callable

import robots as robotspy
from jwm.robotstxt.googlebot import RobotsMatcher
from protego import Protego
from rights_robots_files import Case

from madang.rights.protocols import robots

ORIGIN = "https://e.example"
Peer = Callable[[Case], bool]


def ours(case: Case) -> bool:
    return robots.parse(case.text.encode()).allows(case.token.encode(), case.path.encode())


def google(case: Case) -> bool:
    matcher = RobotsMatcher()
    url = (ORIGIN + urllib.parse.quote(case.path, safe="/%?=&.")).encode()
    return bool(matcher.OneAgentAllowedByRobots(case.text.encode(), case.token.encode(), url))


def protego(case: Case) -> bool:
    return bool(Protego.parse(case.text).can_fetch(ORIGIN + case.path, case.token))


def spy(case: Case) -> bool:
    parser = robotspy.RobotsParser.from_string(case.text)
    return bool(parser.can_fetch(case.token, ORIGIN + case.path))


PEERS: dict[str, Peer] = {"google": google, "protego": protego, "robotspy": spy}


def without_versions(case: Case) -> Case:
    return Case(
        re.sub(r"(?im)^(user-agent: [a-z_-]+)/[0-9.]+", r"\1", case.text), case.token, case.path
    )


def one_group_per_token(case: Case) -> Case:
    """The same rules, each token's merged into one group of its own."""
    groups: dict[str, list[str]] = {}
    open_tokens: list[str] = []
    has_rules = False
    for line in case.text.splitlines():
        key, _, value = line.partition(":")
        if key.lower() == "user-agent":
            open_tokens = [] if has_rules else open_tokens
            has_rules = False
            open_tokens.append(value.strip().lower())
            groups.setdefault(open_tokens[-1], [])
        elif key.lower() in ("allow", "disallow"):
            has_rules = True
            for token in dict.fromkeys(open_tokens):
                groups[token].append(line)
    text = "".join(
        f"User-agent: {token}\n" + "".join(f"{rule}\n" for rule in rules or ["Allow:"]) + "\n"
        for token, rules in groups.items()
    )
    return Case(text, case.token, case.path)


def without_double_slash(case: Case) -> Case:
    return Case(case.text, case.token, re.sub("/{2,}", "/", case.path))


def escaped_rules(case: Case) -> Case:
    """Rules with their octets beyond ASCII escaped, and no star inside an escape."""
    text = re.sub(
        r"[^\x00-\x7f]", lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), case.text
    )
    kept = [
        line
        for line in text.splitlines()
        if not re.search(r"%(?:[0-9A-F]?)\*|%[0-9A-F]\*", line)
    ]
    return Case("\n".join(kept) + "\n", case.token, case.path)


def octets_as_letters(case: Case) -> Case:
    """Each octet of an escape as three letters, so that characters are octets everywhere."""
    escaped = escaped_rules(case)
    path = re.sub(
        r"[^\x00-\x7f]", lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), case.path
    )

    def letters(text: str) -> str:
        return re.sub(r"%([0-9A-F]{2})", lambda m: f"z{m[1].lower()}", text)

    return Case(letters(escaped.text), case.token, letters(path))


def without_empty_rules(case: Case) -> Case:
    kept = [
        line
        for line in case.text.splitlines()
        if line.partition(":")[2].strip() or not line.lower().startswith(("allow", "dis"))
    ]
    return Case("\n".join(kept) + "\n", case.token, case.path)


EXPLANATIONS: list[tuple[str, Callable[[Case], Case]]] = [
    ("keeps FooBot/2.0 as a token of its own", without_versions),
    ("shares rules between tokens that ever stood in one group", one_group_per_token),
    ("folds double slashes in the address", without_double_slash),
    ("takes an empty rule for a match", without_empty_rules),
    ("counts characters where the RFC counts octets", octets_as_letters),
    ("splits a star out of a percent-escape", escaped_rules),
]


def explain(case: Case, peer: Peer) -> str | None:
    """Why a peer differs, or None when no rewriting brings it to agree."""
    rewritten = case
    for reason, rewrite in EXPLANATIONS:
        alone = rewrite(case)
        if peer(alone) == ours(alone) == ours(case):
            return reason
        rewritten = rewrite(rewritten)
        if peer(rewritten) == ours(rewritten):
            return f"{reason} (with others)"
    return None


def compare(cases: list[Case]) -> tuple[dict[str, Counter[str]], list[tuple[str, Case]]]:
    """Disagreements per peer and reason, and those that nothing explains."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in PEERS}
    unexplained = []
    for case in cases:
        said = ours(case)
        for name, peer in PEERS.items():
            if peer(case) == said:
                continue
            reason = explain(case, peer)
            counts[name][reason or "unexplained"] += 1
            if reason is None:
                unexplained.append((name, case))
    return counts, unexplained
