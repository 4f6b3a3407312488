"""The summary of a scan for a data set's card: Croissant fields, and text in both languages.

Plain output for other rooms: they read the files, never this package. Every sentence is about
what was found under a rule, never that anything was cleared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq

from madang.core.clock import rfc3339
from madang.core.errors import Language
from madang.rights import texts
from madang.rights.facts import Act
from madang.rights.scan import sums
from madang.rights.scan.recheck import Scan, newest_vectors, open_scan
from madang.rights.scan.review import release
from madang.rights.verdict import Text

NO_EXEMPTION = Text(
    ko=(
        "대한민국에는 정보분석(텍스트·데이터 마이닝) 면책 조항이 시행되고 있지 않으며, "
        "법률안은 모의로만 계산하고 근거로 쓰지 않습니다."
    ),
    en=(
        "No information-analysis (text and data mining) exemption is in force in Korea; "
        "bills are simulated only and are never a basis."
    ),
)
NOT_ADVICE = Text(
    ko="이 요약은 법률 자문이 아닙니다. '허용'은 적힌 규칙에서 유보를 찾지 못했거나 "
    "허락이 있다는 뜻입니다.",
    en="This summary is not legal advice. 'Allowed' means a grant, or no reservation found "
    "under the rule named.",
)
AI_TYPE = Text(
    ko="공공누리 AI 유형 자료: 학습데이터를 판매할 수 없고, 실질적으로 유사한 결과를 "
    "막는 조치를 해야 합니다.",
    en="KOGL AI type: the training data may not be sold, and substantially similar output must "
    "be prevented.",
)


@dataclass(frozen=True, slots=True)
class Card:
    """Counts, duties, contact and roots of one scan under one regime."""

    name: str
    regime: str
    title: Text
    citation: str
    status: str
    purpose: str
    crawled_from: date | None
    crawled_to: date | None
    as_of: date
    counts: Mapping[str, Mapping[str, int]]
    reasons: Mapping[str, int]
    duties: Sequence[str]
    contact: str
    rules_sha: str
    evidence_root: str
    has_ai_type: bool
    made_at: datetime

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "regime": self.regime,
            "title": self.title.en,
            "title_ko": self.title.ko,
            "citation": self.citation,
            "rules_status": self.status,
            "purpose": self.purpose,
            "crawled_from": self.crawled_from and self.crawled_from.isoformat(),
            "crawled_to": self.crawled_to and self.crawled_to.isoformat(),
            "as_of": self.as_of.isoformat(),
            "counts": {act: dict(row) for act, row in self.counts.items()},
            "reasons_train": dict(self.reasons),
            "duties": list(self.duties),
            "objections": self.contact,
            "rules_sha": self.rules_sha,
            "evidence_root": self.evidence_root,
            "made_at": rfc3339(self.made_at),
            "notices": [n.en for n in self.notices()],
            "notices_ko": [n.ko for n in self.notices()],
        }

    def notices(self) -> list[Text]:
        found = [NO_EXEMPTION, NOT_ADVICE]
        return [*found, AI_TYPE] if self.has_ai_type else found

    def croissant(self) -> dict[str, object]:
        """Croissant 1.1: conditions in usageInfo, provenance in PROV-O; counts read back."""
        terms = [
            _term(f"rights/{self.regime}/{act}/{verdict}", str(count))
            for act, row in self.counts.items()
            for verdict, count in row.items()
        ]
        duties = [
            _term(f"rights/duty/{duty}", texts.text_of("duty", duty).en) for duty in self.duties
        ]
        notices = [_term(f"rights/notice/{n}", t.en) for n, t in enumerate(self.notices(), 1)]
        return {
            "@context": CONTEXT,
            "@type": "sc:Dataset",
            "name": self.name,
            "description": self.markdown("en"),
            "conformsTo": "http://mlcommons.org/croissant/1.1",
            "datePublished": self.made_at.date().isoformat(),
            "license": "https://spdx.org/licenses/NOASSERTION",
            "usageInfo": [*terms, *duties, *notices],
            "prov:wasGeneratedBy": {
                "@type": "prov:Activity",
                "prov:used": [f"rules:sha256:{self.rules_sha}"],
                "prov:generated": f"evidence:merkle:sha256:{self.evidence_root}",
                "prov:endedAtTime": rfc3339(self.made_at),
            },
            "publisher": {"@type": "sc:Organization", "email": self.contact},
        }

    def markdown(self, language: Language) -> str:
        return "\n".join(_lines(self, language)) + "\n"


CONTEXT: dict[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
}


def _term(code: str, text: str) -> dict[str, str]:
    return {"@type": "sc:DefinedTerm", "termCode": code, "name": text}


def counts_of(croissant: Mapping[str, object]) -> dict[str, dict[str, int]]:
    """The counts of a card, read back from its Croissant form."""
    found: dict[str, dict[str, int]] = {}
    terms = croissant["usageInfo"]
    assert isinstance(terms, list)
    for term in terms:
        parts = term["termCode"].split("/")
        if parts[0] == "rights" and len(parts) == 4:
            found.setdefault(parts[2], {})[parts[3]] = int(term["name"])
    return found


LABELS = {
    "title": Text(ko="이용 권리 요약", en="Rights summary"),
    "regime": Text(ko="법 체계", en="Regime"),
    "purpose": Text(ko="목적", en="Purpose"),
    "dates": Text(ko="수집 기간", en="Crawled"),
    "as_of": Text(ko="판정 기준일", en="Law as of"),
    "act": Text(ko="행위", en="Act"),
    "reasons": Text(ko="학습 판정의 사유", en="Reasons, act of training"),
    "duties": Text(ko="의무", en="Duties"),
    "contact": Text(ko="이의 접수", en="Objections"),
    "rules": Text(ko="규칙 요약값", en="Rules digest"),
    "root": Text(ko="증거 뿌리", en="Evidence root"),
    "none": Text(ko="없음", en="none"),
}
PURPOSES = {
    "commercial": Text(ko="영리", en="commercial"),
    "noncommercial_research": Text(ko="비영리 연구", en="non-commercial research"),
    "scientific_research": Text(ko="과학적 연구", en="scientific research"),
}
STATUSES = {
    "draft": Text(ko="초안: 변호사가 서명하지 않았습니다", en="draft: no lawyer has signed it"),
    "reviewed": Text(ko="변호사 검토를 마침", en="reviewed by a lawyer"),
}
COLUMNS = ("allowed", "reserved", "no_basis", "needs_review")
HEADS = {
    "allowed": Text(ko="허용", en="allowed"),
    "reserved": Text(ko="유보", en="reserved"),
    "no_basis": Text(ko="근거 없음", en="no basis"),
    "needs_review": Text(ko="검토 필요", en="needs review"),
}


def view(card: Card, language: Language) -> dict[str, object]:
    """The card in one language, ready to be shown by a page that knows nothing of law."""

    def say(text: Text) -> str:
        return text.ko if language == "ko" else text.en

    def labelled(name: str, value: str) -> list[str]:
        return [say(LABELS[name]), value]

    purpose = PURPOSES.get(card.purpose, Text(card.purpose, card.purpose))
    law = f"{say(card.title)} ({card.citation}; {say(STATUSES[card.status])})"
    reasons = [f"{say(texts.text_of('reason', code))}: {n}" for code, n in card.reasons.items()]
    duties = [say(texts.text_of("duty", duty)) for duty in card.duties]
    return {
        "title": f"{say(LABELS['title'])}: {card.name}",
        "notices": [say(notice) for notice in card.notices()],
        "facts": [
            labelled("regime", law),
            labelled("purpose", say(purpose)),
            labelled("dates", f"{card.crawled_from} – {card.crawled_to}"),
            labelled("as_of", str(card.as_of)),
        ],
        "head": [say(LABELS["act"]), *(say(HEADS[column]) for column in COLUMNS)],
        "rows": [
            [say(texts.text_of("act", act)), *(str(_count(row, column)) for column in COLUMNS)]
            for act, row in card.counts.items()
        ],
        "lists": [
            [say(LABELS["reasons"]), reasons],
            [say(LABELS["duties"]), duties or [say(LABELS["none"])]],
        ],
        "proofs": [
            labelled("contact", card.contact),
            labelled("rules", card.rules_sha),
            labelled("root", card.evidence_root),
        ],
    }


def _lines(card: Card, language: Language) -> list[str]:
    """The same as Markdown."""

    def part(name: str) -> list[list[str]]:
        found = shown[name]
        assert isinstance(found, list)
        return found

    shown = view(card, language)
    heads, rows = shown["head"], part("rows")
    assert isinstance(heads, list)
    contact, *digests = part("proofs")
    lists = (
        ["", f"### {title}", "", *(f"- {i}" for i in items)] for title, items in part("lists")
    )
    return [
        f"## {shown['title']}",
        "",
        *(f"> {notice}" for notice in part("notices")),
        "",
        *(f"- {label}: {value}" for label, value in part("facts")),
        "",
        f"| {' | '.join(heads)} |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in rows),
        *(line for lines in lists for line in lines),
        "",
        f"- {contact[0]}: {contact[1]}",
        *(f"- {label}: `{digest}`" for label, digest in digests),
    ]


def _count(row: Mapping[str, int], column: str) -> int:
    return row.get(column, 0) + row.get(f"simulated_{column}", 0)


def make(folder: Path, regime: str, *, name: str, contact: str, now: datetime) -> Card:
    """The card of a finished scan under one of its regimes, rechecks and decisions included."""
    scan = open_scan(folder)
    vectors = newest_vectors(scan)
    judge = scan.judge(vectors, regime)
    counts: dict[str, Mapping[str, int]] = {}
    for act in Act:
        said = release(folder, judge.rules.regime, act)["verdicts"]
        assert isinstance(said, dict)
        counts[act.value] = said
    reasons: Counter[str] = Counter()
    duties: dict[str, None] = {}
    first, last = _reasons(scan, judge_answers(scan, judge.rules.regime), reasons, duties)
    declared = scan.settings["declared"]
    assert isinstance(declared, dict)
    newest = scan.rechecks()[-1] if scan.rechecks() else None
    summary = json.loads((newest / "summary.json").read_text()) if newest else scan.summary
    return Card(
        name=name,
        regime=judge.rules.regime,
        title=judge.rules.head.title,
        citation=judge.rules.head.citation,
        status=judge.rules.status,
        purpose=str(declared["purpose"]),
        crawled_from=first,
        crawled_to=last,
        as_of=date.fromisoformat(str(summary.get("as_of", scan.as_of.isoformat()))),
        counts=counts,
        reasons=dict(reasons.most_common(12)),
        duties=list(duties),
        contact=contact,
        rules_sha=judge.rules.sha256,
        evidence_root=str(summary["evidence_root"]),
        has_ai_type=any("LicenseRef-KOGL-AI" in text for text in vectors.all),
        made_at=now,
    )


Answer = tuple[str, tuple[str, ...], tuple[str, ...]]


def judge_answers(scan: Scan, regime: str) -> Mapping[int, Answer]:
    """By vector: verdict, reasons and duties of training as of now."""
    newest = scan.rechecks()[-1] if scan.rechecks() else scan.folder
    answers = {
        row["answer"]: (row["verdict"], tuple(row["reasons"]), tuple(row["duties"]))
        for row in pq.read_table(newest / "answers.parquet").to_pylist()
        if row["regime"] == regime and row["act"] == Act.TRAIN
    }
    found: dict[int, tuple[date, Answer]] = {}
    for row in pq.read_table(newest / "decisions.parquet").to_pylist():
        if row["answer"] in answers:
            known = found.get(row["vector"])
            if known is None or row["law_day"] >= known[0]:
                found[row["vector"]] = (row["law_day"], answers[row["answer"]])
    return {vector: answer for vector, (_, answer) in found.items()}


def _reasons(
    scan: Scan,
    answers: Mapping[int, Answer],
    reasons: Counter[str],
    duties: dict[str, None],
) -> tuple[date | None, date | None]:
    """Counts reasons over records and gathers duties; returns the days of the crawl."""
    first: date | None = None
    last: date | None = None
    for path in scan.records():
        table = pq.read_table(path, columns=["vector_now", "fetched_at"])
        days = [at.date() for at in table["fetched_at"].to_pylist()]
        first = min([*days, first] if first else days)
        last = max([*days, last] if last else days)
        for vector, count in Counter(table["vector_now"].to_pylist()).items():
            verdict, codes, owed = answers.get(vector, ("", (), ()))
            for code in codes:
                if not code.startswith("SWITCH:"):
                    reasons[code] += count
            if verdict == "allowed":
                duties.update(dict.fromkeys(owed))
    return first, last


def write(card: Card, folder: Path) -> list[Path]:
    """The card's files, for whoever shows it; `card.json` holds what all the others hold."""
    target = folder / "card"
    target.mkdir(exist_ok=True)
    text = {"ko": card.markdown("ko"), "en": card.markdown("en")}
    whole = {
        "format": 1,
        **card.as_dict(),
        "text": text,
        "view": {"ko": view(card, "ko"), "en": view(card, "en")},
        "croissant": card.croissant(),
    }
    made = {
        "croissant.json": json.dumps(card.croissant(), ensure_ascii=False, indent=1),
        "card.json": json.dumps(whole, ensure_ascii=False, indent=1),
        "card.ko.md": text["ko"],
        "card.en.md": text["en"],
    }
    for name, content in made.items():
        (target / name).write_text(content, encoding="utf-8")
    files = [target / name for name in made]
    sums.add(target, files)
    return files
