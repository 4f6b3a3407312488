"""`madang rights laws`: what the rule files say, who looked at them, what could turn them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import click

from madang.cli.console import Answer, Console, Text, command, language
from madang.cli.rights_options import as_of_option
from madang.cli.rights_review import clock_of
from madang.core.clock import seoul_date
from madang.rights import card, texts
from madang.rights.facts import law_day
from madang.rights.rules import LawFile, Rule, RuleSet, load, regimes
from madang.rights.verdict import SIMULATED
from madang.rights.verdict import Text as Sentence

NOTE = Text("참고", "note")
NOBODY = Text("변호사 검토를 받지 않음", "not reviewed by counsel")


@command(
    "laws",
    ko="규칙 파일과 확인 날짜, 또는 한 법 체계의 조항",
    en="Rule files and when they were checked, or one regime in full.",
    has_data=False,
)
@click.argument("regime", required=False)
@as_of_option
def laws(console: Console, regime: str | None, as_of: str | None) -> Answer:
    day = law_day(as_of) if as_of else seoul_date(clock_of(console).now())
    rows = [load(name) for name in ([regime] if regime else regimes())]
    stale = [rules.regime for rules in rows if rules.head.is_stale(day)]
    data = {"stale": stale, "laws": [_law(rules, has_rules=bool(regime)) for rules in rows]}
    lines = list(_in_full(rows[0])) if regime else [_line(rules) for rules in rows]
    return Answer(data, lines, exit_code=1 if stale else 0)


def _law(rules: RuleSet, *, has_rules: bool) -> dict[str, object]:
    head = rules.head
    found: dict[str, object] = {
        "regime": head.regime,
        "kind": head.kind,
        "title": head.title.en,
        "title_ko": head.title.ko,
        "citation": head.citation,
        "in_force_from": _day(head.in_force_from),
        "in_force_to": _day(head.in_force_to),
        "status": rules.status,
        "reviewed_by": head.reviewed_by,
        "has_text_quote": bool(head.text_quote),
        "text_quote": head.text_quote,
        "text_quote_source": head.text_quote_source,
        "checked_on": head.checked_on.isoformat(),
        "unsettled_by": [doubt.en for doubt in head.unsettled_by],
        "unsettled_by_ko": [doubt.ko for doubt in head.unsettled_by],
        "includes": list(head.includes),
        "sha256": rules.sha256,
    }
    if has_rules:
        found["rules"] = [_rule(rules, rule) for law in rules.files for rule in law.rules]
    return found


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _code(rules: RuleSet, rule: Rule) -> str:
    """What a rule answers; those of a bill in a namespace of their own, as in a scan."""
    if rule.stage == "note":
        return "note"
    return (SIMULATED[rule.verdict] if rules.is_simulation else rule.verdict).value


def _rule(rules: RuleSet, rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "acts": sorted(rule.acts),
        "when": {name: sorted(values) for name, values in rule.when},
        "verdict": _code(rules, rule),
        "reason": rule.reason,
        "citation": rule.citation,
        "duties": list(rule.duties),
        "in_force_from": _day(rule.in_force_from),
        "in_force_to": _day(rule.in_force_to),
    }


def _say(text: Sentence) -> str:
    return text.ko if language.get() == "ko" else text.en


def _line(rules: RuleSet) -> str:
    status = _say(card.STATUSES[rules.status])
    return f"{rules.regime}  {_say(rules.head.title)}  {status} {rules.head.checked_on}"


def _in_full(rules: RuleSet) -> Iterator[str]:
    """One regime as a lawyer wants to see it: the law, its days, its doubts, each provision."""
    head = rules.head
    since = _day(head.in_force_from) or str(Text("시행된 적 없음 (모의)", "never (simulation)"))
    until = _day(head.in_force_to) or str(Text("계속", "open"))
    yield f"{head.regime}  {_say(head.title)}"
    yield f"{Text('조문', 'citation')}: {head.citation}"
    yield f"{Text('시행', 'in force')}: {since} – {until}"
    yield f"{Text('상태', 'status')}: {_say(card.STATUSES[rules.status])}"
    yield f"{Text('검토자', 'reviewed by')}: {head.reviewed_by or NOBODY}"
    yield f"{Text('확인한 날', 'last checked')}: {head.checked_on}"
    for law in {law.regime: law for law in (head, *rules.files)}.values():
        yield from _doubts(law)
    for law in rules.files:
        for rule in law.rules:
            acts = ", ".join(_say(texts.text_of("act", act)) for act in sorted(rule.acts))
            reason = _say(texts.text_of("reason", rule.reason))
            yield f"  {rule.id} [{acts}] {_answer(rules, rule)}: {reason} [{rule.citation}]"


def _answer(rules: RuleSet, rule: Rule) -> str:
    """What a rule answers, as its code, and in Korean as its word."""
    code = _code(rules, rule)
    if language.get() != "ko":
        return code
    return str(NOTE) if code == "note" else texts.word_of(code).ko


def _doubts(law: LawFile) -> Iterator[str]:
    """What was read of one law's text, and what could turn its rules."""
    if law.text_quote:
        quoted = Text("원문", "text")
        yield f'{law.regime} {quoted}: "{law.text_quote}" ({law.text_quote_source})'
    for doubt in law.unsettled_by:
        yield f"{law.regime} {Text('뒤집을 수 있는 것', 'unsettled by')}: {_say(doubt)}"
