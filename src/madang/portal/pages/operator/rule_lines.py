"""Eligibility rules and bonuses as lines of text, as an operator types them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from django import forms
from django.utils.translation import gettext as _

from madang.core.clock import SEOUL
from madang.parties.canonical import Json

LISTS = frozenset({"any_of", "none_of"})
NUMBERS = frozenset({"at_least", "at_most"})
WORDS = frozenset({"answer"})
TEXTS = ("text_ko", "text_en")
RULE_PARTS, BONUS_PARTS = 4, 5


def rules_in(text: str) -> list[dict[str, Json]]:
    """`code | kind | name | any_of=a;b, at_most=7` a line."""
    return [_rule(line) for line in text.splitlines() if line.strip()]


def bonuses_in(text: str) -> list[dict[str, Json]]:
    """`code | points | kind | name | conditions` a line; points with at most three decimals."""
    return [_bonus(line) for line in text.splitlines() if line.strip()]


def moments_in(text: str) -> list[datetime]:
    """One date and time of Seoul a line."""
    try:
        return [
            datetime.fromisoformat(line.strip()).replace(tzinfo=SEOUL).astimezone(UTC)
            for line in text.splitlines()
            if line.strip()
        ]
    except ValueError as err:
        raise forms.ValidationError(_("Not a date and time.")) from err


def _rule(line: str) -> dict[str, Json]:
    parts = [part.strip() for part in line.split("|")]
    code, kind, name, conditions = (*parts, "", "", "", "")[:RULE_PARTS]
    made: dict[str, Json] = {"code": code, "kind": kind, "name": name}
    for condition in conditions.split(","):
        if condition.strip():
            made |= _condition(condition, line)
    return made


def _condition(condition: str, line: str) -> dict[str, Json]:
    word, equals, value = (part.strip() for part in condition.partition("="))
    if not equals and word == "verified":
        return {word: True}
    if word in LISTS and value:
        return {word: [one.strip() for one in value.split(";") if one.strip()]}
    if word in NUMBERS and value.isdecimal():
        return {word: int(value)}
    if word in WORDS and value:
        return {word: value}
    raise forms.ValidationError(_("Not a rule: %(line)s"), params={"line": line})


def _bonus(line: str) -> dict[str, Json]:
    parts = [part.strip() for part in line.split("|")]
    code, points, kind, name, conditions = (*parts, "", "", "", "", "")[:BONUS_PARTS]
    whole, _dot, rest = points.partition(".")
    if not (whole.isdecimal() and (rest or "0").isdecimal() and len(rest) <= len("123")):
        raise forms.ValidationError(_("Not a rule: %(line)s"), params={"line": line})
    milli = int(whole) * 1000 + int(rest.ljust(3, "0") or "0")
    when = _rule(f"{code} | {kind} | {name} | {conditions}")
    return {"code": code, "points_milli": milli, "when": when}


def criterion_line(criterion: Mapping[str, Json]) -> str:
    parts = [criterion.get(name, "") for name in ("code", "weight", "name_ko", "name_en")]
    return " | ".join(str(part) for part in parts).rstrip(" |")


def rule_line(rule: Mapping[str, Json]) -> str:
    """A rule as an operator would have typed it."""
    conditions = ", ".join(_conditions(rule))
    parts = [rule["code"], rule["kind"], rule.get("name", ""), conditions]
    return " | ".join(str(part) for part in parts).rstrip(" |")


def bonus_line(bonus: Mapping[str, Json]) -> str:
    whole, milli = divmod(int(str(bonus["points_milli"])), 1000)
    points = f"{whole}.{milli:03}".rstrip("0").rstrip(".")
    when = bonus["when"]
    assert isinstance(when, dict)
    parts = [bonus["code"], points, when["kind"], when.get("name", "")]
    shown = " | ".join(str(part) for part in (*parts, ", ".join(_conditions(when))))
    return shown.rstrip(" |")


def with_texts(
    typed: Sequence[Mapping[str, Json]], held: Sequence[Mapping[str, Json]]
) -> list[dict[str, Json]]:
    """What was typed, with the words for people that stand beside the same code and that no
    line shows."""
    words = {
        str(one["code"]): {name: one[name] for name in TEXTS if name in one} for one in held
    }
    return [{**words.get(str(one["code"]), {}), **one} for one in typed]


def _conditions(rule: Mapping[str, Json]) -> Iterator[str]:
    for word in sorted(LISTS | NUMBERS | WORDS):
        value = rule.get(word)
        if isinstance(value, list):
            if value:
                yield f"{word}={';'.join(str(one) for one in value)}"
        elif value is not None and value != "":
            yield f"{word}={value}"
    if rule.get("verified"):
        yield "verified"
