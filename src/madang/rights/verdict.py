"""What the engine answers, per act, and everything that a reader needs to doubt it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from madang.rights.facts import Act, Purpose


class Outcome(StrEnum):
    """Four answers from law in force, and a namespace apart for bills.

    `reserved`: the owner said no and the regime gives that effect. `no_basis`: nobody said no,
    but the regime has no permission for this purpose or act. Folding one into the other would
    make the audit false.
    """

    ALLOWED = "allowed"
    RESERVED = "reserved"
    NO_BASIS = "no_basis"
    NEEDS_REVIEW = "needs_review"
    SIMULATED_PERMITTED = "simulated_permitted"
    SIMULATED_RESERVED = "simulated_reserved"
    SIMULATED_NO_BASIS = "simulated_no_basis"
    SIMULATED_NEEDS_REVIEW = "simulated_needs_review"

    @property
    def is_simulated(self) -> bool:
        return self.value.startswith("simulated_")


IN_FORCE = (Outcome.ALLOWED, Outcome.RESERVED, Outcome.NO_BASIS, Outcome.NEEDS_REVIEW)
SIMULATED = {
    Outcome.ALLOWED: Outcome.SIMULATED_PERMITTED,
    Outcome.RESERVED: Outcome.SIMULATED_RESERVED,
    Outcome.NO_BASIS: Outcome.SIMULATED_NO_BASIS,
    Outcome.NEEDS_REVIEW: Outcome.SIMULATED_NEEDS_REVIEW,
}


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One side of an unsettled point: what it holds, what it would answer, who says so."""

    holds: Text
    verdict: Outcome
    source: str

    def as_dict(self) -> dict[str, object]:
        return {
            "holds": self.holds.en,
            "holds_ko": self.holds.ko,
            "verdict": self.verdict.value,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one act. `rule` and `rules_sha` name what decided it."""

    act: Act
    verdict: Outcome
    regime: str
    purpose: Purpose
    as_of: date
    rule: str
    reasons: tuple[str, ...]
    citations: tuple[str, ...]
    readings: tuple[Reading, ...] = ()
    duties: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    unsettled_by: tuple[Text, ...] = ()
    question: Text | None = None
    rules_sha: str = ""
    rules_status: str = "draft"

    def as_dict(self) -> dict[str, object]:
        return {
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "citations": list(self.citations),
            "readings": [reading.as_dict() for reading in self.readings],
            "duties": list(self.duties),
            "conflicts": list(self.conflicts),
            "unsettled_by": [doubt.en for doubt in self.unsettled_by],
            "unsettled_by_ko": [doubt.ko for doubt in self.unsettled_by],
            "regime": self.regime,
            "purpose": self.purpose.value,
            "as_of": self.as_of.isoformat(),
            "rule": self.rule,
            "rules_sha": self.rules_sha,
            "rules_status": self.rules_status,
            "human": None
            if self.question is None
            else {"question": self.question.en, "question_ko": self.question.ko},
        }
