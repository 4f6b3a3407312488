"""The decision: a pure function of facts, rules and a day.

Order: an unprotected work; a licence that grants the act; an exception for this actor, purpose
and act, with reservations where the regime gives them effect; none of these: no basis. What
follows can only lower an allowed verdict: floors (access, robots for the fetching token), a
rule file that nobody looked at for too long. Nothing raises one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from madang.rights import licences
from madang.rights.facts import Act, Facts, PersonalData, Reservation
from madang.rights.licences import Grant, LicenceAnswer
from madang.rights.rules import AS_IF_NONE, LawFile, OptOut, Profile, Rule, RuleSet, Stage
from madang.rights.verdict import SIMULATED, Outcome, Reading, Text, Verdict

SPOKEN = (
    Reservation.MACHINE_READABLE,
    Reservation.PROSE_ONLY,
    Reservation.AMBIGUOUS,
    Reservation.MALFORMED,
)
LICENCE_QUESTION = Text(
    ko="이 범위의 이용허락이 이 행위에 미치는지 사람이 판단하였습니까?",
    en="Has a person decided whether the licence in this scope reaches this act?",
)
STALE_QUESTION = Text(
    ko="규칙 파일이 오래되었습니다. 현행법을 다시 확인하였습니까?",
    en="The rule file is old. Was the law checked again?",
)


Said = TypeVar("Said", str, Text)


@dataclass(slots=True)
class _Draft:
    """A verdict while it is made. Reasons keep their order and are never dropped."""

    outcome: Outcome
    rule: str
    reasons: list[str] = field(default_factory=list)
    citations: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    duties: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    unsettled: list[Text] = field(default_factory=list)
    question: Text | None = None

    def lower_to(self, outcome: Outcome, question: Text | None) -> None:
        """Take back an allowed verdict; anything else stays what it is."""
        if self.outcome is Outcome.ALLOWED:
            self.outcome = outcome
            self.question = question or self.question


def decide(facts: Facts, rules: RuleSet, as_of: date) -> dict[Act, Verdict]:
    """One verdict per act under one regime, for the law of one day."""
    return {act: _decide_act(act, facts, rules, as_of) for act in Act}


def _decide_act(act: Act, facts: Facts, rules: RuleSet, as_of: date) -> Verdict:
    draft = _basis(act, facts, rules, as_of)
    _apply_floors(draft, act, facts, rules, as_of)
    _apply_notes(draft, act, facts, rules, as_of)
    outcome = SIMULATED[draft.outcome] if rules.is_simulation else draft.outcome
    return Verdict(
        act=act,
        verdict=outcome,
        regime=rules.regime,
        purpose=facts.purpose,
        as_of=as_of,
        rule=draft.rule,
        reasons=_distinct(draft.reasons),
        citations=_distinct(draft.citations),
        readings=tuple(draft.readings),
        duties=_distinct(draft.duties) if draft.outcome is not Outcome.NO_BASIS else (),
        conflicts=_distinct(draft.conflicts),
        unsettled_by=_distinct(draft.unsettled),
        question=draft.question if draft.outcome is Outcome.NEEDS_REVIEW else None,
        rules_sha=rules.sha256,
        rules_status=rules.status,
    )


def _distinct(items: Iterable[Said]) -> tuple[Said, ...]:
    return tuple(dict.fromkeys(items))


def _basis(act: Act, facts: Facts, rules: RuleSet, as_of: date) -> _Draft:
    files = [law for law in rules.files if rules.is_simulation or _in_force(law, as_of)]
    if not files:
        return _Draft(Outcome.NO_BASIS, "none", ["NOT_IN_FORCE"], [rules.head.citation])
    found = _first(Stage.UNPROTECTED, act, facts, files, as_of)
    if found is not None:
        return _from_rule(*found, act, facts, rules, as_of)
    answered = None
    if not rules.is_simulation:
        strict = rules.profile is Profile.STRICT
        answered = licences.answer(act, facts, as_of=as_of, strict=strict)
    exception = _exception(act, facts, rules, files, as_of)
    if answered is None:
        return exception
    return LICENCE_STEPS[answered.grant](answered, exception, facts, rules)


def _in_force(law: LawFile, as_of: date) -> bool:
    if law.in_force_from is None or as_of < law.in_force_from:
        return False
    return law.in_force_to is None or as_of < law.in_force_to


def _first(
    stage: Stage, act: Act, facts: Facts, files: Iterable[LawFile], as_of: date
) -> tuple[Rule, LawFile] | None:
    for law in files:
        for rule in law.rules:
            if rule.stage is stage and rule.matches(act, facts, as_of):
                return rule, law
    return None


def _exception(
    act: Act, facts: Facts, rules: RuleSet, files: list[LawFile], as_of: date
) -> _Draft:
    """The strongest exception among the files; several files are tried in their order."""
    found = [
        _from_rule(*match, act, facts, rules, as_of)
        for law in files
        if (match := _first(Stage.EXCEPTION, act, facts, [law], as_of)) is not None
    ]
    carried = [draft for draft in found if draft.outcome is not Outcome.NO_BASIS]
    if carried:
        return _all_questions(carried)
    if found:
        return found[0]
    citations = [law.citation for law in files]
    return _Draft(Outcome.NO_BASIS, "none", ["NO_BASIS_IN_REGIME"], citations)


def _all_questions(carried: list[_Draft]) -> _Draft:
    """Of several provisions the last that asks a person leads; what the others say is kept."""
    if any(draft.outcome is not Outcome.NEEDS_REVIEW for draft in carried):
        return next(d for d in carried if d.outcome is not Outcome.NEEDS_REVIEW)
    *others, lead = carried
    for draft in others:
        lead.reasons.extend(draft.reasons)
        lead.citations.extend(draft.citations)
        lead.unsettled.extend(draft.unsettled)
    return lead


def _from_rule(
    rule: Rule, law: LawFile, act: Act, facts: Facts, rules: RuleSet, as_of: date
) -> _Draft:
    answer = rule.answer(rules.profile)
    if answer == AS_IF_NONE:
        silent = replace(facts, reservation=Reservation.NONE)
        draft = _basis(act, silent, rules, as_of)
        draft.reasons.append(rule.reason)
        draft.readings.extend(rule.readings)
        return draft
    draft = _Draft(Outcome(answer), rule.id, [rule.reason], [rule.citation])
    draft.readings.extend(rule.readings)
    draft.duties.extend(rule.duties)
    draft.question = rule.question
    if draft.outcome is not Outcome.NO_BASIS:
        draft.unsettled.extend(law.unsettled_by)
    if rule.switch:
        draft.reasons.append(f"SWITCH:{rule.switch}={rules.profile.value}")
    return draft


def _licence_draft(answered: LicenceAnswer, outcome: Outcome) -> _Draft:
    draft = _Draft(outcome, f"licence.{answered.grant.value}", [answered.reason])
    draft.citations.append(answered.citation)
    draft.duties.extend(answered.duties)
    draft.question = LICENCE_QUESTION
    return draft


def _granted(
    answered: LicenceAnswer, exception: _Draft, facts: Facts, rules: RuleSet
) -> _Draft:
    """A licence grants. The same owner's express no makes it doubtful: a person decides."""
    if facts.reservation not in SPOKEN:
        return _licence_draft(answered, Outcome.ALLOWED)
    if exception.outcome is Outcome.ALLOWED:
        exception.reasons.append("LICENCE_AND_RESERVATION_DIFFER")
        exception.conflicts.append("licence:yes/reservation:no")
        return exception
    draft = _licence_draft(answered, Outcome.NEEDS_REVIEW)
    draft.reasons.append("LICENCE_AND_RESERVATION_DIFFER")
    draft.conflicts.append("licence:yes/reservation:no")
    draft.readings = [
        Reading(
            Text(ko="이용허락은 유보보다 앞선다", en="The licence stands beside the opt-out"),
            Outcome.ALLOWED,
            answered.citation,
        ),
        Reading(
            Text(ko="더 엄격한 신호가 앞선다", en="The stricter signal prevails"),
            Outcome.RESERVED,
            rules.head.citation,
        ),
    ]
    return draft


def _silent(answered: LicenceAnswer, exception: _Draft, facts: Facts, rules: RuleSet) -> _Draft:
    exception.reasons.append(answered.reason)
    exception.citations.append(answered.citation)
    return exception


def _open(answered: LicenceAnswer, exception: _Draft, facts: Facts, rules: RuleSet) -> _Draft:
    if exception.outcome in (Outcome.ALLOWED, Outcome.RESERVED):
        return _silent(answered, exception, facts, rules)
    return _licence_draft(answered, Outcome.NEEDS_REVIEW)


def _contested(
    answered: LicenceAnswer, exception: _Draft, facts: Facts, rules: RuleSet
) -> _Draft:
    if exception.outcome is Outcome.RESERVED:
        return _silent(answered, exception, facts, rules)
    draft = _licence_draft(answered, Outcome.NEEDS_REVIEW)
    draft.conflicts.append(answered.reason)
    return draft


def _forbidden(
    answered: LicenceAnswer, exception: _Draft, facts: Facts, rules: RuleSet
) -> _Draft:
    """An express prohibition: reserved where the mark or an opt-out binds, else a conflict."""
    outcome = rules.head.prohibition
    if exception.outcome is Outcome.RESERVED:
        return _silent(answered, exception, facts, rules)
    if exception.outcome is Outcome.NO_BASIS and outcome is not Outcome.RESERVED:
        return _silent(answered, exception, facts, rules)
    draft = _licence_draft(answered, outcome)
    draft.readings.extend(exception.readings)
    draft.citations.extend(exception.citations)
    return draft


LICENCE_STEPS = {
    Grant.GRANT: _granted,
    Grant.SILENT: _silent,
    Grant.OPEN: _open,
    Grant.CONTEST: _contested,
    Grant.FORBID: _forbidden,
}


def _apply_floors(draft: _Draft, act: Act, facts: Facts, rules: RuleSet, as_of: date) -> None:
    for rule in rules.common.rules:
        if rule.stage is Stage.FLOOR and rule.matches(act, facts, as_of):
            draft.lower_to(rule.verdict, rule.question)
            draft.reasons.append(rule.reason)
            draft.citations.append(rule.citation)
    stale = [law for law in (rules.head, *rules.files) if law.is_stale(as_of)]
    if stale:
        draft.lower_to(Outcome.NEEDS_REVIEW, STALE_QUESTION)
        draft.reasons.append("RULES_STALE")


def _apply_notes(draft: _Draft, act: Act, facts: Facts, rules: RuleSet, as_of: date) -> None:
    for law in (rules.common, *rules.files):
        for rule in law.rules:
            if rule.stage is Stage.NOTE and rule.matches(act, facts, as_of):
                draft.reasons.append(rule.reason)
                draft.duties.extend(rule.duties)
                if rule.citation != law.citation:
                    draft.citations.append(rule.citation)
    if facts.personal_data is PersonalData.UNKNOWN and draft.outcome is Outcome.ALLOWED:
        draft.duties.append("privacy_check")
    if facts.reservation in SPOKEN and rules.head.opt_out is not OptOut.BINDING:
        weighs = rules.head.opt_out is OptOut.WEIGHS
        draft.reasons.append("OPT_OUT_WEIGHS" if weighs else "OPT_OUT_NOTED")


def as_json(verdicts: Mapping[Act, Verdict]) -> dict[str, object]:
    """The shape that `madang rights decide --json` prints."""
    return {act.value: verdict.as_dict() for act, verdict in verdicts.items()}
