"""A plan for programs (JSON), and for a committee (Markdown and HTML, Korean and English)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

import numpy as np

from madang import __version__
from madang.compute.planner import pictures
from madang.compute.planner.arithmetic import period
from madang.compute.planner.plan import WAIT_STRETCH, Forecast, Interval, Plan

Language = Literal["ko", "en"]
MICRO = 1_000_000


def _forecast(found: Forecast) -> dict[str, object]:
    names = ("p95_wait_h", "utilisation", "stranded", "unspent", "usable", "not_started")
    return {
        "cards": found.site.cards,
        "met": found.met,
        "met_share": found.met_share,
        **{name: getattr(found, name).as_dict() for name in names},
        "waits": [
            {
                "class": one.name,
                "applications": one.applications,
                "jobs": one.jobs,
                "p50_wait_h": one.p50_h.as_dict(),
                "p95_wait_h": one.p95_h.as_dict(),
            }
            for one in found.waits
        ],
    }


def as_dict(plan: Plan) -> dict[str, object]:
    """Everything a program needs; the digest covers the rest."""
    size = plan.site.node_cards
    data: dict[str, object] = {
        "version": __version__,
        "site": plan.site.name,
        "policy": plan.policy,
        "from": period(plan.applications)[0].isoformat(),
        "until": period(plan.applications)[1].isoformat(),
        "seed": plan.seed,
        "seeds": plan.seeds,
        "model": plan.model.source,
        "take_up": list(plan.model.take_up),
        "target": {"p95_wait_h": plan.target.p95_wait_h, "usable": plan.target.usable},
        "applications": len(plan.applications),
        "card_hours_asked": round(sum(one.card_hours for one in plan.applications), 1),
        "cards_asked": sum(one.cards for one in plan.applications),
        "arithmetic": {
            "least_cards": round(plan.least_cards, 3),
            "dedicated_cards": plan.dedicated_cards,
            "months": [
                {
                    "from": one.first.isoformat(),
                    "asked_card_hours": round(one.asked, 1),
                    "open_card_hours": round(one.open, 1),
                }
                for one in plan.months
            ],
        },
        "needed_cards": plan.needed_nodes * size,
        "needed_nodes": plan.needed_nodes,
        "at_needed": _forecast(plan.needed),
        "at_declared": _forecast(plan.declared),
        "stages": {
            "plan": [
                {
                    "opens_on": one.opens_on.isoformat(),
                    "nodes": one.nodes,
                    "cards": one.nodes * size,
                }
                for one in plan.stages.stages
            ],
            "cost_microwon": plan.stages.cost_won * MICRO,
            "at_once_cost_microwon": plan.stages.at_once_cost_won * MICRO,
            "declared_cost_microwon": plan.stages.declared_cost_won * MICRO,
        },
        "knee": {
            "awards": plan.knee.awards,
            "last_awarded": plan.knee.last_awarded,
            "first_not_awarded": plan.knee.first_not_awarded,
            "points": [
                {"awards": n, "p95_wait_h": wait, "usable": usable}
                for n, wait, usable in plan.knee.points
            ],
        },
    }
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return {**data, "digest": hashlib.sha256(text.encode()).hexdigest()}


@dataclass(frozen=True, slots=True)
class Said:
    """One report in one language."""

    language: Language

    def __call__(self, ko: str, en: str) -> str:
        return ko if self.language == "ko" else en

    @property
    def policy(self) -> dict[str, str]:
        return {
            "dedicated": self("전용 카드", "dedicated cards"),
            "pooled": self("공동 사용", "pooled cards"),
            "floor-borrow": self("보장분과 차용", "floors and borrowing"),
        }


def _hours(one: Interval) -> str:
    return f"{one.middle:.1f} ({one.low:.1f}–{one.high:.1f})"


def _percent(one: Interval) -> str:
    return f"{100 * one.middle:.0f} % ({100 * one.low:.0f}–{100 * one.high:.0f})"


Table = tuple[str, list[str], list[list[str]]]


def _summary(plan: Plan, say: Said) -> list[str]:
    size = plan.site.node_cards
    asked = sum(one.cards for one in plan.applications)
    saved = plan.stages.at_once_cost_won - plan.stages.cost_won
    lines = [
        say(
            f"신청 {len(plan.applications)}건이 카드 {asked:,}장을 요청했습니다.",
            f"{len(plan.applications)} applications ask for {asked:,} cards.",
        ),
        say(
            f"{say.policy[plan.policy]} 방식으로 카드 {plan.needed_nodes * size:,}장이 "
            f"필요합니다. 각자 전용으로 쓰면 {plan.dedicated_cards:,}장이 필요합니다.",
            f"With {say.policy[plan.policy]}, {plan.needed_nodes * size:,} cards are needed; "
            f"with cards of everybody's own it would be {plan.dedicated_cards:,}.",
        ),
        say(
            f"목표: 작업의 95 %가 자기 카드가 있을 때보다 {plan.target.p95_wait_h:g}시간 넘게 "
            "늦지 않습니다.",
            f"Target: 95 % of jobs start no more than {plan.target.p95_wait_h:g} hours later "
            "than on cards of their own.",
        ),
        say(
            f"선언된 시설({plan.site.cards:,}장)은 점수 순으로 {plan.knee.awards}건까지 목표를 "
            "지킵니다.",
            f"The declared site ({plan.site.cards:,} cards) keeps the target for the first "
            f"{plan.knee.awards} awards in order of merit.",
        ),
    ]
    if plan.site.won_per_card_month:
        lines.append(
            say(
                f"가장 싼 단계 계획은 {plan.stages.cost_won:,}원이며, 처음부터 모두 여는 "
                f"것보다 {saved:,}원 적습니다.",
                f"The cheapest stages cost {plan.stages.cost_won:,} won, {saved:,} won less "
                "than opening everything at once.",
            )
        )
    return lines


def _tables(plan: Plan, say: Said) -> list[Table]:
    size = plan.site.node_cards
    waits = [
        [one.name, str(one.applications), str(one.jobs), _hours(one.p50_h), _hours(one.p95_h)]
        for one in plan.needed.waits
    ]
    rows: list[tuple[str, Callable[[Forecast], str]]] = [
        (say("카드", "cards"), lambda f: f"{f.site.cards:,}"),
        (say("P95 대기(시간)", "P95 wait (h)"), lambda f: _hours(f.p95_wait_h)),
        (say("이용률", "utilisation"), lambda f: _percent(f.utilisation)),
        (say("묶인 카드", "stranded"), lambda f: _percent(f.stranded)),
        (say("미사용 예산", "unspent budgets"), lambda f: _percent(f.unspent)),
        (say("쓸 수 있던 시간", "usable time"), lambda f: _percent(f.usable)),
        (say("목표 충족", "target met"), lambda f: f"{100 * f.met_share:.0f} %"),
    ]
    both = [[name, show(plan.needed), show(plan.declared)] for name, show in rows]
    months = [
        [one.first.isoformat(), f"{one.asked:,.0f}", f"{one.open:,.0f}"] for one in plan.months
    ]
    stages = [[one.opens_on.isoformat(), f"{one.nodes * size:,}"] for one in plan.stages.stages]
    return [
        (
            say("필요한 규모와 선언된 시설", "What is needed, and the declared site"),
            ["", say("필요", "needed"), say("선언", "declared")],
            both,
        ),
        (
            say("크기별 대기(필요한 규모에서)", "Waits by size (with what is needed)"),
            [
                say("카드", "cards"),
                say("신청", "applications"),
                say("작업", "jobs"),
                say("중앙값(시간)", "median (h)"),
                say("P95(시간)", "P95 (h)"),
            ],
            waits,
        ),
        (
            say("월별 요청과 공급(카드·시간)", "Asked and open by month (card-hours)"),
            [say("월", "from"), say("요청", "asked"), say("공급", "open")],
            months,
        ),
        (
            say("가장 싼 단계 계획", "The cheapest stages"),
            [say("개방일", "opens on"), say("카드", "cards")],
            stages,
        ),
    ]


def _notes(plan: Plan, say: Said) -> list[str]:
    low, high = plan.model.take_up
    return [
        say(
            f"작업의 길이와 크기는 {plan.model.source} 기록에서 뽑았습니다.",
            f"Lengths and sizes of jobs are drawn from {plan.model.source}.",
        ),
        say(
            f"각 협약이 예산의 {100 * low:.0f}–{100 * high:.0f} %를 쓰려 한다고 가정합니다.",
            f"Each grant is assumed to want {100 * low:.0f}–{100 * high:.0f} % of its budget.",
        ),
        say(
            f"괄호 안은 {plan.seeds}회 추출의 80 % 구간입니다. 씨앗 {plan.seed}.",
            f"In brackets: 80 % of {plan.seeds} draws. Seed {plan.seed}.",
        ),
        say(
            f"대기 구간은 실제 기록과의 비교에 따라 {WAIT_STRETCH:g}배 넓혔습니다.",
            f"Intervals of waits are stretched {WAIT_STRETCH:g} times, as backtests ask for.",
        ),
        say(f"요약값 {as_dict(plan)['digest']}", f"Digest {as_dict(plan)['digest']}"),
    ]


def title(plan: Plan, say: Said) -> str:
    return say(f"GPU 수요 계획: {plan.site.name}", f"GPU capacity plan: {plan.site.name}")


def drawn(plan: Plan, say: Said) -> dict[str, str]:
    """Pictures by file name: use over time and waits, with what is needed."""
    first, last = period(plan.applications)
    days = (last - first).days + 1
    cards = np.asarray(plan.needed.charged, dtype=float)
    return {
        f"use.{say.language}.svg": pictures.use_over_time(
            say("날짜별 사용 카드", "Cards in use by day"),
            plan.needed,
            cards,
            days,
            say("카드 (가로: 날)", "cards (across: days)"),
        ),
        f"waits.{say.language}.svg": pictures.waits(
            say("크기별 P95 대기", "P95 wait by size"), plan.needed, say("시간", "hours")
        ),
    }


def markdown(plan: Plan, language: Language) -> str:
    say = Said(language)
    parts = [f"# {title(plan, say)}", "", *_summary(plan, say), ""]
    for caption, head, rows in _tables(plan, say):
        parts += [f"## {caption}", "", "| " + " | ".join(head) + " |"]
        parts += ["|" + "---|" * len(head)]
        parts += ["| " + " | ".join(row) + " |" for row in rows]
        parts += [""]
    parts += [f"![{name}]({name})" for name in drawn(plan, say)]
    parts += ["", *(f"* {note}" for note in _notes(plan, say)), ""]
    return "\n".join(parts)


def html(plan: Plan, language: Language) -> str:
    say = Said(language)
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        f"<title>{escape(title(plan, say))}</title></head><body><main>",
        f"<h1>{escape(title(plan, say))}</h1>",
        *(f"<p>{escape(line)}</p>" for line in _summary(plan, say)),
    ]
    for caption, head, rows in _tables(plan, say):
        cells = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
        parts.append(f"<table><caption>{escape(caption)}</caption><tr>{cells}</tr>")
        for row in rows:
            first, *rest = (escape(one) for one in row)
            tail = "".join(f"<td>{one}</td>" for one in rest)
            parts.append(f'<tr><th scope="row">{first}</th>{tail}</tr>')
        parts.append("</table>")
    parts += drawn(plan, say).values()
    parts += ["<ul>", *(f"<li>{escape(note)}</li>" for note in _notes(plan, say)), "</ul>"]
    return "\n".join([*parts, "</main></body></html>", ""])


def write(plan: Plan, folder: Path) -> list[Path]:
    """Reports and pictures in both languages, and the plan as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"plan.json": json.dumps(as_dict(plan), ensure_ascii=False, indent=1) + "\n"}
    languages: tuple[Language, ...] = ("ko", "en")
    for language in languages:
        texts[f"report.{language}.md"] = markdown(plan, language)
        texts[f"report.{language}.html"] = html(plan, language)
        texts |= drawn(plan, Said(language))
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in sorted(texts)]
