"""The decision, by the tables of the law: one row per cell, one table of refusals."""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from madang.rights import Act, Facts, Outcome, Profile, decide, load, regimes
from madang.rights.errors import FactsMalformed, RegimeUnknown, RulesMalformed
from madang.rights.facts import (
    Access,
    Actor,
    Contract,
    Enjoyment,
    Market,
    ModelKind,
    PersonalData,
    Purpose,
    Reservation,
    Retention,
    RobotsForFetch,
    WorkClass,
    law_day,
    request_from_json,
)
from madang.rights.rules import parse_law

DAY = date(2026, 11, 22)
A, R, N, V = "allowed", "reserved", "no_basis", "needs_review"
OPEN = Facts(
    purpose=Purpose.COMMERCIAL,
    actor=Actor.COMPANY,
    model_kind=ModelKind.GENERATIVE,
    access=Access.OPEN,
    contract=Contract.NONE,
    reservation=Reservation.NONE,
    personal_data=PersonalData.NO,
)
RESEARCH = replace(OPEN, actor=Actor.RESEARCH_ORG, purpose=Purpose.SCIENTIFIC_RESEARCH)
NONCOMMERCIAL = replace(RESEARCH, purpose=Purpose.NONCOMMERCIAL_RESEARCH)
JAPAN = replace(OPEN, enjoyment=Enjoyment.NONE, analysis_market=Market.NO)
STATUTE = replace(OPEN, work_class=WorkClass.STATUTE_OR_JUDGMENT)


def row(facts: Facts, regime: str, *, day: date = DAY, profile: Profile = Profile.DEFAULT):
    found = decide(facts, load(regime, profile), day)
    return [found[act].verdict.value for act in Act]


TABLE = [
    ("kr-art7 by official file", "kr-art7", {"access": "official_api"}, STATUTE, [A] * 5),
    ("kr-art7 scraped in bulk", "kr-art7", {}, STATUTE, [V, A, A, A, A]),
    ("kr-art7 news", "kr-art7", {"work_class": "news"}, OPEN, [N] * 5),
    ("kr-art7 class unknown", "kr-art7", {}, OPEN, [V] * 5),
    ("kr-fair", "kr-fair", {}, OPEN, [V] * 5),
    ("kr-current without mark", "kr-current", {}, OPEN, [V] * 5),
    ("kr-data13", "kr-data13", {}, OPEN, [N] * 5),
    ("kr-kogl without mark", "kr-kogl", {}, OPEN, [N] * 5),
    ("eu-art3 proven", "eu-art3", {}, RESEARCH, [A, A, A, N, V]),
    (
        "eu-art3 reservation has no effect",
        "eu-art3",
        {"reservation": "machine_readable"},
        RESEARCH,
        [A, A, A, N, V],
    ),
    ("eu-art3 actor not proven", "eu-art3", {"actor": "unknown"}, RESEARCH, [V, V, V, N, V]),
    ("eu-art3 behind a paywall", "eu-art3", {"access": "paywall"}, RESEARCH, [V, V, V, N, V]),
    ("eu-art3 commercial", "eu-art3", {}, OPEN, [N] * 5),
    ("eu-art4 silent", "eu-art4", {}, OPEN, [A, A, A, N, V]),
    ("eu-art4 reserved", "eu-art4", {"reservation": "machine_readable"}, OPEN, [R] * 5),
    ("eu-art4 prose", "eu-art4", {"reservation": "prose_only"}, OPEN, [V] * 5),
    ("eu-art4 ambiguous", "eu-art4", {"reservation": "ambiguous"}, OPEN, [V] * 5),
    ("eu-art4 malformed", "eu-art4", {"reservation": "malformed"}, OPEN, [V] * 5),
    ("eu-art4 not established", "eu-art4", {"reservation": "unknown"}, OPEN, [V] * 5),
    ("eu-art4 terms", "eu-art4", {"contract": "browsewrap"}, OPEN, [V, V, V, N, V]),
    (
        "eu-art4 kept for ever",
        "eu-art4",
        {"retention_plan": "indefinite"},
        OPEN,
        [A, V, A, N, V],
    ),
    ("jp non-enjoyment", "jp-30-4", {}, JAPAN, [A, A, A, V, A]),
    ("jp enjoyment unknown", "jp-30-4", {"enjoyment": "unknown"}, JAPAN, [V] * 5),
    ("jp market unknown", "jp-30-4", {"analysis_market": "unknown"}, JAPAN, [V] * 5),
    ("jp database on sale", "jp-30-4", {"analysis_market": "exists"}, JAPAN, [R] * 5),
    ("jp enjoyment mixed", "jp-30-4", {"enjoyment": "mixed"}, JAPAN, [V] * 5),
    ("jp infringing source", "jp-30-4", {"access": "known_infringing_source"}, JAPAN, [V] * 5),
    ("sg open", "sg-244", {}, OPEN, [A, A, A, N, A]),
    ("sg paywall", "sg-244", {"access": "paywall"}, OPEN, [V, V, V, N, V]),
    ("uk non-commercial", "uk-29a", {}, NONCOMMERCIAL, [A, A, A, N, V]),
    ("uk commercial", "uk-29a", {}, OPEN, [N] * 5),
    ("uk mixed", "uk-29a", {"purpose": "mixed"}, NONCOMMERCIAL, [V] * 5),
    ("us", "us-107", {}, OPEN, [V] * 5),
    ("ch research", "ch-24d", {}, RESEARCH, [A, A, A, N, V]),
    ("ch other", "ch-24d", {}, OPEN, [N] * 5),
    ("il", "il-19", {}, OPEN, [V] * 5),
    ("cc0 in korea", "kr-current", {"licences": ("CC0-1.0",)}, OPEN, [A] * 5),
    ("cc-by", "us-107", {"licences": ("CC-BY-4.0",)}, OPEN, [A] * 5),
    ("cc-by-sa", "us-107", {"licences": ("CC-BY-SA-4.0",)}, OPEN, [A, A, A, A, V]),
    (
        "cc-by-nc commercial, no exception",
        "uk-29a",
        {"licences": ("CC-BY-NC-4.0",)},
        OPEN,
        [N, N, N, N, V],
    ),
    (
        "cc-by-nc commercial, exception",
        "eu-art4",
        {"licences": ("CC-BY-NC-4.0",)},
        OPEN,
        [A, A, A, N, V],
    ),
    (
        "cc-by-nc research",
        "kr-current",
        {"licences": ("CC-BY-NC-4.0",)},
        NONCOMMERCIAL,
        [A, A, A, A, V],
    ),
    ("two licences", "kr-current", {"licences": ("CC-BY-4.0", "CC0-1.0")}, OPEN, [V] * 5),
    ("no version", "eu-art4", {"licences": ("CC-BY",)}, OPEN, [V] * 5),
    (
        "licence and reservation",
        "kr-current",
        {"licences": ("CC-BY-4.0",), "reservation": "machine_readable"},
        OPEN,
        [V] * 5,
    ),
    ("kogl 0", "kr-current", {"licences": ("KOGL-0",)}, OPEN, [A] * 5),
    ("kogl 1", "kr-current", {"licences": ("KOGL-1",)}, OPEN, [A] * 5),
    ("kogl 2 commercial", "kr-current", {"licences": ("KOGL-2",)}, OPEN, [R] * 5),
    (
        "kogl 2 research",
        "kr-current",
        {"licences": ("KOGL-2",)},
        NONCOMMERCIAL,
        [A, A, A, V, V],
    ),
    ("kogl 3", "kr-current", {"licences": ("KOGL-3",)}, OPEN, [A, A, V, V, V]),
    ("kogl 4 commercial", "kr-current", {"licences": ("KOGL-4",)}, OPEN, [R] * 5),
    (
        "kogl 4 research",
        "kr-current",
        {"licences": ("KOGL-4",)},
        NONCOMMERCIAL,
        [A, A, V, V, V],
    ),
    (
        "kogl 2 + AI commercial",
        "kr-current",
        {"licences": ("KOGL-2", "KOGL-AI")},
        OPEN,
        [A, A, A, R, A],
    ),
    (
        "kogl 3 + AI research",
        "kr-current",
        {"licences": ("KOGL-AI", "KOGL-3")},
        NONCOMMERCIAL,
        [A, A, A, V, A],
    ),
    (
        "kogl 1 + AI for money",
        "kr-current",
        {"licences": ("KOGL-1", "KOGL-AI")},
        OPEN,
        [A, A, A, V, A],
    ),
    ("robots bound the crawl", "sg-244", {"robots": "disallowed"}, OPEN, [R, A, A, N, A]),
    ("robots not established", "sg-244", {"robots": "unestablished"}, OPEN, [V, A, A, N, A]),
    (
        "copy protection bypassed",
        "kr-current",
        {"licences": ("CC0-1.0",), "access": "tpm_bypassed"},
        OPEN,
        [V] * 5,
    ),
]
KINDS = {
    "access": Access,
    "work_class": WorkClass,
    "reservation": Reservation,
    "actor": Actor,
    "contract": Contract,
    "retention_plan": Retention,
    "enjoyment": Enjoyment,
    "analysis_market": Market,
    "purpose": Purpose,
    "robots": RobotsForFetch,
}


def changed(base: Facts, changes: dict) -> Facts:
    typed = {name: KINDS[name](v) if name in KINDS else v for name, v in changes.items()}
    return replace(base, **typed)


@pytest.mark.parametrize(
    ("regime", "changes", "base", "expected"),
    [pytest.param(*line[1:], id=line[0]) for line in TABLE],
)
def test_table_of_the_law_gives_its_cell_per_act(regime, changes, base, expected):
    assert row(changed(base, changes), regime) == expected


@pytest.mark.parametrize("regime", [name for name in regimes() if name.startswith("kr-bill")])
def test_a_bill_permits_only_in_its_own_namespace(regime):
    found = row(replace(NONCOMMERCIAL, enjoyment=Enjoyment.NONE), regime)
    assert found[2] == "simulated_permitted"
    assert all(value.startswith("simulated_") for value in found)


def some_facts(rng: random.Random) -> Facts:
    pick = {name: rng.choice(list(kind)) for name, kind in KINDS.items()}
    licences = rng.choice([(), ("KOGL-2",), ("CC-BY-4.0",), ("KOGL-2", "KOGL-AI"), ("X",)])
    return replace(OPEN, model_kind=rng.choice(list(ModelKind)), licences=licences, **pick)


def test_no_simulation_ever_answers_allowed_and_every_answer_names_a_citation():
    rng = random.Random(5)
    for _ in range(400):
        facts = some_facts(rng)
        for regime in regimes():
            rules = load(regime)
            for verdict in decide(facts, rules, DAY).values():
                assert verdict.verdict.is_simulated == rules.is_simulation
                assert verdict.citations
                assert verdict.reasons
                assert (verdict.question is None) or verdict.verdict.value.endswith("review")


UNKNOWN_BLOCKS = {
    "eu-art3": (RESEARCH, ["purpose", "actor", "access"]),
    "eu-art4": (OPEN, ["reservation", "access", "contract"]),
    "jp-30-4": (JAPAN, ["enjoyment", "analysis_market", "contract"]),
    "sg-244": (OPEN, ["access", "contract"]),
    "uk-29a": (NONCOMMERCIAL, ["purpose", "access"]),
    "ch-24d": (RESEARCH, ["purpose", "access"]),
}


@pytest.mark.parametrize("regime", UNKNOWN_BLOCKS)
def test_a_missing_fact_on_the_path_never_ends_in_allowed(regime):
    base, names = UNKNOWN_BLOCKS[regime]
    assert row(base, regime)[2] == A
    for name in names:
        assert A not in row(changed(base, {name: "unknown"}), regime), name


@pytest.mark.parametrize("regime", [name for name in regimes() if not name.startswith("kr-")])
def test_the_day_before_a_law_is_in_force_it_is_no_basis(regime):
    head = load(regime).head
    before = date.fromordinal(head.in_force_from.toordinal() - 1)
    assert row(RESEARCH, regime, day=before) == [N] * 5
    assert decide(RESEARCH, load(regime), before)[Act.TRAIN].reasons == ("NOT_IN_FORCE",)


def test_a_kogl_type_that_did_not_exist_yet_goes_to_review():
    facts = replace(OPEN, licences=("KOGL-0",))
    assert row(facts, "kr-current", day=date(2026, 1, 27)) == [V] * 5
    assert row(facts, "kr-current", day=date(2026, 1, 28)) == [A] * 5


def test_rules_nobody_checked_for_180_days_take_back_what_they_allowed():
    late = date.fromordinal(load("eu-art4").head.checked_on.toordinal() + 181)
    assert row(OPEN, "eu-art4", day=late) == [V, V, V, N, V]
    assert "RULES_STALE" in decide(OPEN, load("eu-art4"), late)[Act.TRAIN].reasons


def test_both_readings_are_kept_whichever_profile_wins():
    facts = replace(OPEN, reservation=Reservation.PROSE_ONLY)
    for profile, expected in ((Profile.DEFAULT, V), (Profile.STRICT, R), (Profile.LITERAL, A)):
        found = decide(facts, load("eu-art4", profile), DAY)[Act.TRAIN]
        assert found.verdict.value == expected
        assert {reading.verdict.value for reading in found.readings} >= {A, R}


def test_the_literal_profile_still_asks_for_lawful_access():
    facts = replace(OPEN, reservation=Reservation.PROSE_ONLY, access=Access.PAYWALL)
    assert row(facts, "eu-art4", profile=Profile.LITERAL) == [V, V, V, N, V]


def test_an_opt_out_without_effect_is_noted_and_not_dropped():
    facts = replace(JAPAN, reservation=Reservation.MACHINE_READABLE)
    assert "OPT_OUT_NOTED" in decide(facts, load("jp-30-4"), DAY)[Act.TRAIN].reasons
    assert "OPT_OUT_WEIGHS" in decide(facts, load("kr-fair"), DAY)[Act.TRAIN].reasons


def test_personal_data_adds_a_duty_and_never_clears():
    facts = replace(OPEN, personal_data=PersonalData.YES)
    found = decide(facts, load("eu-art4"), DAY)[Act.TRAIN]
    assert "PERSONAL_DATA_SEPARATE" in found.reasons
    assert "privacy_basis" in found.duties


def test_the_rules_digest_names_profile_and_content():
    assert len({load("eu-art4", profile).sha256 for profile in Profile}) == 3
    assert load("EU-ART4").sha256 == load("eu-art4").sha256


def test_every_combination_of_facts_meets_a_rule_where_an_exception_exists():
    shapes = itertools.product(Purpose, Actor, Access, Contract, Reservation)
    for purpose, actor, access, contract, reservation in shapes:
        facts = replace(
            JAPAN,
            purpose=purpose,
            actor=actor,
            access=access,
            contract=contract,
            reservation=reservation,
        )
        for regime in ("eu-art3", "eu-art4", "jp-30-4", "sg-244", "uk-29a", "ch-24d"):
            law = load(regime).head
            for act in Act:
                assert any(r.matches(act, facts, DAY) for r in law.rules), (regime, act, facts)


REFUSED = [
    ([], ""),
    ({"reservasion": "none"}, "reservasion"),
    ({"purpose": "fun"}, "purpose"),
    ({"access": 3}, "access"),
    ({"reservation": "perhaps"}, "reservation"),
    ({"reservation": {"machine_readable": ["a"], "none": []}}, "reservation"),
    ({"licences": [1]}, "licences"),
    ({"as_of": "yesterday"}, "as_of"),
    ({"personal_data": "some"}, "personal_data"),
    ({"retention_plan": 5}, "retention_plan"),
    ({"regime": 4}, "regime"),
]


@pytest.mark.parametrize(("document", "field"), REFUSED)
def test_facts_that_cannot_be_read_are_refused_by_name(document, field):
    with pytest.raises(FactsMalformed) as refusal:
        request_from_json(document)
    assert refusal.value.fields["field"] == field


def test_missing_facts_are_unknown_and_lists_take_the_worst():
    facts = request_from_json({}).facts
    assert facts == Facts()
    mixed = request_from_json({"purpose": ["commercial", "scientific_research"]}).facts
    assert mixed.purpose is Purpose.MIXED
    listed = request_from_json({"reservation": ["none", {"machine_readable": ["aipref"]}]})
    assert listed.facts.reservation is Reservation.MACHINE_READABLE
    assert listed.facts.reserved_by == ("aipref",)
    empty = request_from_json({"reservation": {"machine_readable": []}}).facts
    assert empty.reservation is Reservation.UNKNOWN


def test_the_day_of_the_law_is_the_day_in_seoul():
    assert law_day("2026-01-27T15:00:00Z") == date(2026, 1, 28)


def test_an_unknown_regime_is_refused_with_the_known_ones():
    with pytest.raises(RegimeUnknown, match="eu-art4"):
        load("atlantis")


BROKEN = [
    b"not toml = = ",
    b'regime = "y"',
    b'regime = "x"\nkind = "law"\nchecked_on = 2026-01-01',
    b'regime = "x"\nkind = "simulation"\nin_force_from = 2026-01-01',
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_rule_file_that_contradicts_itself_is_refused(content):
    with pytest.raises(RulesMalformed):
        parse_law("x", content)


def test_a_misspelt_fact_in_a_rule_is_refused():
    content = (
        b'regime = "x"\nkind = "law"\ncitation = "c"\ntitle = { ko = "k", en = "e" }\n'
        b'in_force_from = 2026-01-01\nchecked_on = 2026-01-01\nstatus = "draft"\n'
        b'reviewed_by = ""\ntext_quote_sha256 = ""\nunsettled_by = ["x"]\n[[rule]]\nid = "a"\n'
        b'stage = "exception"\nacts = ["train"]\n'
        b'when = { porpose = ["commercial"] }\nverdict = "allowed"\nreason = "R"\n'
    )
    with pytest.raises(RulesMalformed, match="porpose"):
        parse_law("x", content)


REVIEWED = {
    "status": '"reviewed"',
    "reviewed_by": '"Lee, attorney"',
    "reviewed_on": "2026-11-24",
    "text_quote": '"The text."',
    "text_quote_source": '"law.example"',
    "text_quote_sha256": f'"{hashlib.sha256(b"The text.").hexdigest()}"',
}
UNREVIEWED = [
    {"status": '"draft"'},
    {"status": '"Reviewed"'},
    {"status": '"final"'},
    {"reviewed_by": '""'},
    {"reviewed_on": None},
    {"text_quote": '"The text!"'},
    {"text_quote_source": None},
    {"text_quote": None, "text_quote_sha256": '""'},
    {"text_quote_sha256": '""'},
]


def law_file(**changes):
    head = {
        "regime": '"x"',
        "kind": '"law"',
        "citation": '"c"',
        "title": '{ ko = "k", en = "e" }',
        "in_force_from": "2026-01-01",
        "checked_on": "2026-01-01",
        "unsettled_by": '["an appeal"]',
        **REVIEWED,
        **changes,
    }
    return "\n".join(f"{k} = {v}" for k, v in head.items() if v is not None).encode()


INCOMPLETE = [
    {"citation": None},
    {"citation": '" "'},
    {"in_force_from": None},
    {"in_force_to": "2025-12-31"},
    {"checked_on": None},
    {"unsettled_by": None},
    {"unsettled_by": "[]"},
    {"unsettled_by": '["", "an appeal"]'},
    {"reading.a": '{ holds = { ko = "k", en = "e" }, verdict = "allowed", source = "" }'},
]


@pytest.mark.parametrize("changes", INCOMPLETE)
def test_a_rule_file_says_where_it_stands_from_when_and_what_could_turn_it(changes):
    assert [d.en for d in parse_law("x", law_file()).unsettled_by] == ["an appeal"]
    with pytest.raises(RulesMalformed):
        parse_law("x", law_file(**changes))


@pytest.mark.parametrize("changes", UNREVIEWED)
def test_a_rule_file_looks_reviewed_only_with_person_day_and_the_laws_text(changes):
    assert parse_law("x", law_file()).status == "reviewed"
    with pytest.raises(RulesMalformed):
        parse_law("x", law_file(**changes))


def test_one_draft_among_the_files_makes_every_verdict_a_draft():
    rules = load("kr-current")
    signed = [parse_law("x", law_file()) for _ in rules.files]
    reviewed = replace(
        rules,
        head=signed[0],
        common=signed[0],
        files=tuple(signed),
        licence_status="reviewed",
    )
    assert reviewed.status == "reviewed"
    assert replace(reviewed, files=(*signed[1:], rules.files[0])).status == "draft"
    assert replace(reviewed, common=rules.common).status == "draft"
    assert replace(reviewed, licence_status="draft").status == "draft"
    assert all(v.rules_status == "draft" for v in decide(Facts(), rules, DAY).values())


def test_every_rule_file_that_ships_is_a_draft_and_says_so():
    assert {load(name).status for name in regimes()} == {"draft"}


def test_outcomes_are_the_four_and_their_simulations():
    assert {o.value for o in Outcome if not o.is_simulated} == {A, R, N, V}


# The days of reference texts, apart from the files: a slip of the pen in one is noticed.
IN_FORCE_FROM = {
    "kr-data13": date(2022, 4, 20),
    "eu-art3": date(2021, 6, 7),
    "eu-art4": date(2021, 6, 7),
    "jp-30-4": date(2019, 1, 1),
    "sg-244": date(2021, 11, 21),
    "uk-29a": date(2014, 6, 1),
    "ch-24d": date(2020, 4, 1),
}
SIMULATED_ONLY = ("kr-bill-2107440", "kr-bill-22-kts", "kr-plan-2026-02")


@pytest.mark.parametrize("regime", IN_FORCE_FROM)
def test_no_regime_allows_anything_on_the_day_before_it_is_in_force(regime):
    first = IN_FORCE_FROM[regime]
    assert load(regime).head.in_force_from == first
    facts = friendly()
    before = decide(facts, load(regime), first - timedelta(days=1))
    assert {v.verdict for v in before.values()} == {Outcome.NO_BASIS}
    assert all(v.reasons[0] == "NOT_IN_FORCE" for v in before.values())


def friendly():
    """Facts under which as many regimes as can be allow training."""
    return Facts(
        purpose=Purpose.NONCOMMERCIAL_RESEARCH,
        actor=Actor.RESEARCH_ORG,
        access=Access.OPEN,
        contract=Contract.NONE,
        reservation=Reservation.NONE,
        enjoyment=Enjoyment.NONE,
        analysis_market=Market.NO,
        retention_plan=Retention.AS_NEEDED,
    )


@pytest.mark.parametrize("regime", regimes())
def test_every_regime_names_its_law_its_day_and_what_could_turn_it(regime):
    rules = load(regime)
    for law in (rules.head, *rules.files):
        assert (law.in_force_from is None) == (law.regime in SIMULATED_ONLY)
        assert law.citation
        assert law.unsettled_by
        assert all(re.search("[가-힣]", doubt.ko) for doubt in law.unsettled_by)
        assert all(doubt.en.isascii() for doubt in law.unsettled_by)
        assert law.reviewed_by == ""
        assert all(rule.citation for rule in law.rules)


CONTRACT = {"eu-art3": True, "uk-29a": True, "jp-30-4": False, "ch-24d": False, "sg-244": False}


@pytest.mark.parametrize("regime", CONTRACT)
def test_a_contract_is_void_noted_or_a_question_as_each_law_has_it(regime):
    research = Purpose.NONCOMMERCIAL_RESEARCH
    purpose = research if regime == "uk-29a" else Purpose.SCIENTIFIC_RESEARCH
    facts = replace(friendly(), purpose=purpose, contract=Contract.CLICKWRAP)
    train = decide(facts, load(regime), DAY)[Act.TRAIN]
    is_void = CONTRACT[regime]
    assert train.verdict is (Outcome.ALLOWED if is_void else Outcome.NEEDS_REVIEW)
    assert ("CONTRACT_CANNOT_EXCLUDE" in train.reasons) == is_void
    open_door = decide(replace(facts, contract=Contract.NONE), load(regime), DAY)[Act.TRAIN]
    assert open_door.verdict is Outcome.ALLOWED


def test_unfair_competition_is_noted_beside_korean_copyright_and_refuses_nothing():
    found = decide(friendly(), load("kr-current"), DAY)
    assert found[Act.CRAWL].verdict is Outcome.NEEDS_REVIEW
    assert "KR_UNFAIR_COMPETITION" in found[Act.CRAWL].reasons
    assert any("2021Do1533" in citation for citation in found[Act.CRAWL].citations)
    assert "KR_UNFAIR_COMPETITION" not in found[Act.TRAIN].reasons
