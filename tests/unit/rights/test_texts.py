"""Every code that a verdict can carry has its sentence in both languages."""

from __future__ import annotations

from madang.core.errors import MadangError, sentences_of
from madang.rights import Act, Outcome, errors, licences, load, regimes, texts


def test_every_reason_and_duty_of_a_rule_has_a_sentence():
    rules = [
        r
        for name in regimes()
        for law in (load(name).head, load(name).common)
        for r in law.rules
    ]
    assert {rule.reason for rule in rules} <= texts.codes("reason")
    assert {duty for rule in rules for duty in rule.duties} <= texts.codes("duty")


def test_every_reason_and_duty_of_a_licence_has_a_sentence():
    families, _ = licences._table()
    used = {d for family in families.values() for ds in family.duties.values() for d in ds}
    assert used <= texts.codes("duty")
    reasons = {*licences.REASONS.values(), *licences.CC_REASONS.values()}
    assert reasons <= texts.codes("reason")


def test_every_outcome_and_act_has_a_sentence():
    assert {outcome.value for outcome in Outcome} == texts.codes("outcome")
    assert {act.value for act in Act} == texts.codes("act")


def test_every_error_speaks_both_languages():
    own = [
        c
        for c in vars(errors).values()
        if isinstance(c, type)
        and issubclass(c, MadangError)
        and c.__module__ == errors.__name__
    ]
    for error in own:
        assert sentences_of(error)["ko"]
        assert sentences_of(error)["en"]
