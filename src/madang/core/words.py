"""Words inside a refusal's sentence, in the reader's language: reasons, fields, times.

A reason is written once, in English, where the refusal is raised; `reasons.ko.toml` of its
package holds the Korean, `{}` standing for a number or a name. What a package does not know,
the package above it and `madang.core` may. Words without a line stay as they are rather than
being lost; tests/unit/test_korean_reasons.py finds them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from madang.core.clock import SEOUL

CORE = "madang.core"
_ENDS = re.compile(r"(?:^|_)(?:due|due_at|until|ends_at|closes_at)$")


@cache
def korean_words(package: str) -> Mapping[str, str]:
    """English words to Korean ones, as the package's own file has them; none without one."""
    path = resources.files(package).joinpath("reasons.ko.toml")
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def korean(words: str, package: str = CORE) -> str:
    """The words in Korean, their numbers and names in place."""
    for place in _places(package):
        found = _in_package(words, place)
        if found is not None:
            return found
    return words


def seoul_time(text: str, name: str = "") -> str:
    """An RFC 3339 instant as people in Seoul read it; any other text as it is.

    Where its name says that something ends then, as `until_text` has it.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is None:
        return text
    form = "%Y-%m-%d %H:%M:%S" if at.second else "%Y-%m-%d %H:%M"
    try:
        local = at.astimezone(SEOUL)
    except OverflowError:  # beyond Seoul's calendar
        return text
    return f"{until_text(local, form) if _ENDS.search(name) else local.strftime(form)} KST"


def until_text(at: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """An end on the clock of Seoul; what ends with a day ends at 24:00 of that day.

    "Until 12 December, 00:00" would be read as the 12th: a day too late.
    """
    local = at.astimezone(SEOUL)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
    return local.strftime(form)


def _places(package: str) -> Iterator[str]:
    while package not in ("madang", CORE, ""):
        yield package
        package = package.rpartition(".")[0]
    yield CORE


def _in_package(words: str, package: str) -> str | None:
    plain = korean_words(package).get(words)
    if plain is not None:
        return plain
    for pattern, told in _patterns(package):
        found = pattern.fullmatch(words)
        if found:
            return _filled(told, found.groups())
    return None


@cache
def _patterns(package: str) -> list[tuple[re.Pattern[str], str]]:
    """Most words first, so that `{} is {}` takes only what nothing else does."""
    ordered = sorted(
        (item for item in korean_words(package).items() if "{}" in item[0]),
        key=lambda item: -len(item[0].replace("{}", "")),
    )
    return [
        (re.compile(re.escape(english).replace(r"\{\}", "(.+?)"), re.DOTALL), told)
        for english, told in ordered
    ]


def _filled(words: str, groups: tuple[str, ...]) -> str:
    places = iter(range(len(groups)))
    return re.sub(r"\{(\d?)\}", lambda place: groups[int(place[1] or next(places))], words)
