"""A plan for programs (JSON), and for a committee (Markdown and HTML, Korean and English)."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Literal

from madang import __version__
from madang.compute.planner import groups, pictures
from madang.compute.planner.arithmetic import period
from madang.compute.planner.errors import FolderUnusable
from madang.compute.planner.plan import WAIT_STRETCH, Forecast, Interval, Plan

Language = Literal["ko", "en"]
MICRO = 1_000_000
KINDS = {
    "sme": ("중소기업", "small or medium firm"),
    "midsize": ("중견기업", "mid-sized firm"),
    "university": ("대학", "university"),
    "institute": ("연구기관", "research institute"),
    "public": ("공공기관", "public body"),
    "large": ("대기업", "large firm"),
}
STYLE = (
    "body{font:16px/1.6 sans-serif;color:#1e2124;margin:0}"
    "main{max-width:860px;margin:0 auto;padding:16px}"
    "div{overflow-x:auto;margin:24px 0}"
    "table{border-collapse:collapse;min-width:60%}"
    "caption{text-align:left;font-weight:bold;padding:4px 0}"
    "th,td{border-bottom:1px solid #cdd1d5;padding:4px 12px;text-align:right}"
    "th:first-child{text-align:left}"
    "svg{width:100%;height:auto;margin:16px 0}"
    "li{overflow-wrap:anywhere}"
    "@media print{div{overflow:visible}table,svg{break-inside:avoid}}"
)


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
        "groups": {
            name: [asdict(one) for one in groups.of(plan, name)] for name in groups.NAMES
        },
        "larger_than_site": groups.larger_than_site(plan),
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
    larger = groups.larger_than_site(plan)
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
            f"늦지 않고, 그때 쓸 시간의 {100 * plan.target.usable:g} % 이상을 쓸 수 있습니다.",
            f"Target: 95 % of jobs start no more than {plan.target.p95_wait_h:g} hours later "
            f"than on cards of their own, and {100 * plan.target.usable:g} % of the time that "
            "these would give can be used.",
        ),
        say(
            f"선언된 시설({plan.site.cards:,}장)은 점수 순으로 {plan.knee.awards}건까지 목표를 "
            "지킵니다.",
            f"The declared site ({plan.site.cards:,} cards) keeps the target for the first "
            f"{plan.knee.awards} awards in order of merit.",
        ),
    ]
    if larger:
        lines.append(
            say(
                f"신청 {larger}건은 선언된 시설 전체보다 많은 카드를 요청해 선정 수에서 "
                "뺐습니다." + _stand_in(plan, say),
                f"{larger} of them ask for more cards than the declared site has and are not "
                "counted among its awards." + _stand_in(plan, say),
            )
        )
    if plan.site.won_per_card_month:
        lines.append(_cost(plan, say))
    return lines


def _stand_in(plan: Plan, say: Said) -> str:
    if plan.declared.site.cards == plan.site.cards:
        return ""
    cards = plan.declared.site.cards
    return say(
        f" 아래 '선언' 열은 이들이 들어갈 만큼인 카드 {cards:,}장으로 계산했습니다.",
        f" The column 'declared' is that of {cards:,} cards, which just hold them.",
    )


def _cost(plan: Plan, say: Said) -> str:
    cost, saved = plan.stages.cost_won, plan.stages.at_once_cost_won - plan.stages.cost_won
    if saved:
        return say(
            f"가장 싼 단계 계획은 {cost:,}원이며, 처음부터 모두 여는 것보다 {saved:,}원 "
            "적습니다.",
            f"The cheapest stages cost {cost:,} won, {saved:,} won less than opening "
            "everything at once.",
        )
    return say(
        f"비용은 {cost:,}원이며, 단계를 나누어도 줄지 않습니다.",
        f"It costs {cost:,} won; opening in stages saves nothing.",
    )


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
        _use_table(plan, say),
        *(_group_table(plan, say, name) for name in groups.NAMES if groups.told(plan, name)),
    ]


def _use_table(plan: Plan, say: Said) -> Table:
    """By month what the picture of use has by day."""
    first, last = period(plan.applications)
    busy = pictures.busy_by_day(plan.needed, (last - first).days + 1)
    begins = [(one.first - first).days for one in plan.months]
    rows = [
        [one.first.isoformat(), f"{busy[at:end].mean():,.1f}", f"{busy[at:end].max():,.1f}"]
        for one, at, end in zip(plan.months, begins, [*begins[1:], len(busy)], strict=True)
    ]
    return (
        say("월별 사용 카드(필요한 규모, 첫 추출)", "Cards in use by month (first draw)"),
        [
            say("월", "from"),
            say("하루 평균", "a day, on average"),
            say("가장 많은 날", "fullest day"),
        ],
        rows,
    )


def _group_table(plan: Plan, say: Said, name: groups.Name) -> Table:
    what = {"kind": say("기관 유형", "kind"), "region": say("지역", "region")}[name]
    rows = [
        [
            say(*KINDS[one.name]) if name == "kind" and one.name in KINDS else one.name or "–",
            *(f"{n:,}" for n in (one.applications, one.cards)),
            f"{one.card_hours:,.0f}",
            *(f"{n:,}" for n in (one.awarded_applications, one.awarded_cards)),
        ]
        for one in groups.of(plan, name)
    ]
    return (
        say(f"{what}별 요청과 선정", f"By {what}: asked, and awards that the site carries"),
        [
            what,
            say("신청", "applications"),
            say("카드", "cards"),
            say("카드·시간", "card-hours"),
            say("선정", "awards"),
            say("선정 카드", "their cards"),
        ],
        rows,
    )


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
        *_assumed(plan, say),
        say(f"요약값 {as_dict(plan)['digest']}", f"Digest {as_dict(plan)['digest']}"),
    ]


def _assumed(plan: Plan, say: Said) -> list[str]:
    """What else the numbers of a site rest on."""
    site = plan.site
    if plan.policy == "dedicated":
        return [
            say(
                "전용 카드는 산술로 셉니다. 점검과 고장은 넣지 않았으며, 묶인 카드는 주인이 "
                "쓰지 않는 카드입니다.",
                "Dedicated cards are counted, not simulated: maintenance and failures are left "
                "out, and stranded cards are those that their owners leave idle.",
            )
        ]
    stretched = say(
        f"대기 구간은 실제 기록과의 비교에 따라 {WAIT_STRETCH:g}배 넓혔습니다.",
        f"Intervals of waits are stretched {WAIT_STRETCH:g} times, as backtests ask for.",
    )
    found = [stretched] + [
        say(
            f"점검: {one.starts_on}부터 {one.until} 전까지 서버 {one.nodes}대를 뺍니다.",
            f"Maintenance: {one.nodes} nodes are out from {one.starts_on} until {one.until}.",
        )
        for one in site.maintenance
    ]
    if site.failure_days_between:
        found.append(
            say(
                f"고장: 서버마다 평균 {site.failure_days_between:g}일에 한 번, 복구에 "
                f"{site.repair_hours:g}시간.",
                f"Failures: one of each node in {site.failure_days_between:g} days on average, "
                f"repaired in {site.repair_hours:g} hours.",
            )
        )
    return found


def title(plan: Plan, say: Said) -> str:
    return say(f"GPU 수요 계획: {plan.site.name}", f"GPU capacity plan: {plan.site.name}")


def drawn(plan: Plan, say: Said) -> dict[str, str]:
    """Pictures by file name: use over time and waits, with what is needed."""
    first, last = period(plan.applications)
    days = (last - first).days + 1
    use = pictures.Labels(
        say("날짜별 사용 카드(첫 추출)", "Cards in use by day (first draw)"),
        say("카드(하루 평균)", "cards (average of a day)"),
        say("사용 중", "in use"),
        say("필요한 카드", "cards needed"),
    )
    wait = pictures.Labels(
        say("신청한 카드 수별 P95 대기", "P95 wait by cards of the application"),
        say("시간", "hours"),
        say("중앙값", "middle of the draws"),
        say("80 % 구간", "80 % interval"),
    )
    return {
        f"use.{say.language}.svg": pictures.use_over_time(use, plan.needed, first, days),
        f"waits.{say.language}.svg": pictures.waits(wait, plan.needed),
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
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title(plan, say))}</title><style>{STYLE}</style></head><body><main>",
        f"<h1>{escape(title(plan, say))}</h1>",
        *(f"<p>{escape(line)}</p>" for line in _summary(plan, say)),
    ]
    for caption, head, rows in _tables(plan, say):
        cells = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
        parts.append(f'<div tabindex="0" role="region" aria-label="{escape(caption)}">')
        parts.append(f"<table><caption>{escape(caption)}</caption><tr>{cells}</tr>")
        for row in rows:
            first, *rest = (escape(one) for one in row)
            tail = "".join(f"<td>{one}</td>" for one in rest)
            parts.append(f'<tr><th scope="row">{first}</th>{tail}</tr>')
        parts.append("</table></div>")
    parts += drawn(plan, say).values()
    parts += ["<ul>", *(f"<li>{escape(note)}</li>" for note in _notes(plan, say)), "</ul>"]
    return "\n".join([*parts, "</main></body></html>", ""])


def write(plan: Plan, folder: Path) -> list[Path]:
    """Reports and pictures in both languages, and the plan as JSON."""
    usable(folder)
    texts = {"plan.json": json.dumps(as_dict(plan), ensure_ascii=False, indent=1) + "\n"}
    languages: tuple[Language, ...] = ("ko", "en")
    for language in languages:
        texts[f"report.{language}.md"] = markdown(plan, language)
        texts[f"report.{language}.html"] = html(plan, language)
        texts |= drawn(plan, Said(language))
    put(folder, texts)
    return [folder / name for name in sorted(texts)]


def usable(folder: Path) -> None:
    """Raises FolderUnusable for a folder that takes no file, before hours go into a plan."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as err:
        raise FolderUnusable(folder=str(folder), reason=err.strerror or str(err)) from err


def put(folder: Path, texts: Mapping[str, str]) -> None:
    """All files or, when it is broken off before the last is written, none."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".plan-") as fresh:
        for name, text in texts.items():
            (Path(fresh) / name).write_text(text, encoding="utf-8")
        for name in texts:
            (Path(fresh) / name).replace(folder / name)
