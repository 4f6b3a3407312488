"""Declaring parties: made, changed, unchanged, and refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from madang.core.errors import NotAllowed
from madang.parties.declaring import Outcome
from madang.parties.errors import (
    FactInvalid,
    PartyUnknown,
    ReferenceMalformed,
    RelationshipToSelf,
    RoleUnknown,
    SecretOutsideTest,
    SupplierMoved,
    TokenTaken,
)
from madang.parties.models import Event, Membership, Organisation, Supplier
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for, person_by_email
from madang.parties.people.tokens import person_by_token
from madang.parties.relationships.actions import declare_relationship
from madang.parties.relationships.queries import ties_between
from madang.parties.suppliers.actions import declare_supplier


def test_organisation_declared_again_is_unchanged_and_with_another_name_changed(
    system, at
) -> None:
    facts = {"code": "hana", "name_ko": "하나", "name_en": "Hana", "kind": "sme", "at": at}
    outcomes = [declare_organisation(system, **facts).outcome for _ in range(2)]
    renamed = declare_organisation(system, **facts | {"name_en": "Hana Inc."})
    assert [*outcomes, renamed.outcome] == ["created", "unchanged", "changed"]
    assert Event.objects.filter(subject_type="organisation").count() == 2
    assert "Hana" not in str(list(Event.objects.values_list("facts", flat=True)))


def test_person_declared_again_is_unchanged(system, firm, at, monkeypatch) -> None:
    firm("hana")
    facts = {"email": "Kim@hana.example", "organisation": "hana", "roles": ["beneficiary"]}
    secrets = {"token": "mdp_test_kim", "password": "correct horse"}
    first = declare_person(system, **facts, **secrets, at=at)
    second = declare_person(system, **facts, **secrets, at=at)
    assert (first.outcome, second.outcome) == (Outcome.CREATED, Outcome.UNCHANGED)
    assert person_by_token("mdp_test_kim") == first.row
    assert first.row.check_password("correct horse")
    assert "mdp_test_kim" not in str(first.row.tokens.get().sha256)


def test_new_roles_end_the_old_place_and_keep_it_on_record(system, firm, at) -> None:
    firm("hana")
    for roles in (["beneficiary"], ["beneficiary", "reviewer"]):
        outcome = declare_person(
            system, email="kim@hana.example", organisation="hana", roles=roles, at=at
        ).outcome
    assert outcome is Outcome.CHANGED
    assert Membership.objects.filter(ends_at=at).count() == 1
    actor = actor_for(person_by_email("kim@hana.example"), at=at, origin="api")
    assert {role.value for role in actor.roles} == {"beneficiary", "reviewer"}


def test_second_organisation_adds_a_place_and_keeps_roles_apart(system, firm, at) -> None:
    home, away = firm("hana"), firm("univ")
    for code, role in (("hana", "beneficiary"), ("univ", "reviewer")):
        declare_person(system, email="kim@hana.example", organisation=code, roles=[role], at=at)
    actor = actor_for(person_by_email("kim@hana.example"), at=at, origin="api")
    assert actor.organisations == {home.id, away.id}
    assert {(org, role.value) for org, role in actor.places} == {
        (home.id, "beneficiary"),
        (away.id, "reviewer"),
    }


def test_staff_may_stand_outside_every_organisation(system, at) -> None:
    for _ in range(2):
        declared = declare_person(system, email="op@agency.example", roles=["operator"], at=at)
    assert declared.outcome is Outcome.UNCHANGED
    actor = actor_for(declared.row, at=at, origin="cli")
    assert actor.sees_everything
    assert actor.organisations == frozenset()


def test_supplier_makes_its_organisation_and_its_people_sell_for_it(system, at) -> None:
    facts = {"code": "nuri", "name_ko": "누리모델", "name_en": "Nuri Models", "at": at}
    outcomes = [declare_supplier(system, **facts).outcome for _ in range(2)]
    assert outcomes == ["created", "unchanged"]
    assert Organisation.objects.get(code="nuri").supplier.code == "nuri"
    seller = declare_person(
        system, email="s@nuri.example", organisation="nuri", roles=["supplier"], at=at
    ).row
    clerk = declare_person(
        system, email="c@nuri.example", organisation="nuri", roles=["reviewer"], at=at
    ).row
    supplier = Supplier.objects.get(code="nuri")
    assert actor_for(seller, at=at, origin="api").suppliers == {supplier.id}
    assert actor_for(clerk, at=at, origin="api").suppliers == frozenset()


def test_relationship_holds_both_ways_and_names_a_supplier_by_its_organisation(
    system, person, at
) -> None:
    reviewer = person("lee@univ.example", "univ", "reviewer")
    declare_supplier(system, code="nuri", name_ko="누리", name_en="Nuri", at=at)
    pair = {"a": "person:lee@univ.example", "b": "supplier:nuri", "kind": "adviser"}
    turned = {"a": pair["b"], "b": pair["a"], "kind": "adviser"}
    outcomes = [declare_relationship(system, **p, at=at).outcome for p in (pair, pair, turned)]
    assert outcomes == ["created", "unchanged", "unchanged"]
    nuri = Organisation.objects.get(code="nuri")
    lee = person_by_email("lee@univ.example")
    assert str(lee.id) == reviewer.id
    assert ties_between([lee.id], [nuri.id], at=at).count() == 1
    assert ties_between([nuri.id], [lee.id], at=at).count() == 1


PERSON = {"email": "kim@hana.example", "organisation": "hana", "roles": ["beneficiary"]}
TIE = {"a": "person:kim@hana.example", "b": "organisation:hana", "kind": "adviser"}
ORGANISATION = {"code": "x", "name_ko": "x", "name_en": "x", "kind": "sme"}


@pytest.mark.parametrize(
    ("action", "facts", "refusal"),
    [
        (declare_person, PERSON | {"roles": ["king"]}, RoleUnknown),
        (declare_person, PERSON | {"email": "no address"}, FactInvalid),
        (declare_person, PERSON | {"language": "fr"}, FactInvalid),
        (declare_person, PERSON | {"organisation": "nowhere"}, PartyUnknown),
        (declare_person, PERSON | {"email": "x@y.example", "token": "mdp_taken"}, TokenTaken),
        (declare_organisation, ORGANISATION | {"kind": "guild"}, FactInvalid),
        (declare_relationship, TIE | {"a": "person:ghost@x.example"}, PartyUnknown),
        (declare_relationship, TIE | {"a": "supplier:ghost"}, PartyUnknown),
        (declare_relationship, TIE | {"a": "kim"}, ReferenceMalformed),
        (declare_relationship, TIE | {"a": "cat:tom"}, ReferenceMalformed),
        (declare_relationship, TIE | {"a": "organisation:hana"}, RelationshipToSelf),
    ],
)
def test_declaration_is_refused(system, firm, at, action, facts, refusal) -> None:
    firm("hana")
    declare_person(system, **PERSON, token="mdp_taken", at=at)
    with pytest.raises(refusal):
        action(system, **facts, at=at)


@pytest.mark.parametrize("secret", [{"token": "mdp_x"}, {"password": "x"}])
def test_secret_in_a_file_is_refused_outside_test_mode(
    system, firm, at, monkeypatch, secret
) -> None:
    firm("hana")
    monkeypatch.setenv("MADANG_TEST", "0")
    with pytest.raises(SecretOutsideTest):
        declare_person(system, **PERSON, **secret, at=at)


def test_supplier_does_not_move_to_another_organisation(system, firm, at) -> None:
    firm("other")
    facts = {"code": "nuri", "name_ko": "누리", "name_en": "Nuri", "at": at}
    declare_supplier(system, **facts)
    with pytest.raises(SupplierMoved):
        declare_supplier(system, **facts, organisation="other")


def test_only_operators_declare(person, at) -> None:
    outsider = person("kim@hana.example", "hana", "beneficiary")
    with pytest.raises(NotAllowed):
        declare_organisation(outsider, **ORGANISATION, at=at)
    with pytest.raises(NotAllowed):
        declare_person(outsider, **PERSON, at=at)
    with pytest.raises(NotAllowed):
        declare_supplier(outsider, code="x", name_ko="x", name_en="x", at=at)
    with pytest.raises(NotAllowed):
        declare_relationship(outsider, **TIE, at=at)


def test_place_that_ended_gives_no_role_from_that_instant_on(system, person, at) -> None:
    person("kim@hana.example", "hana", "beneficiary")
    row = person_by_email("kim@hana.example")
    Membership.objects.filter(person=row).update(ends_at=at)
    before = actor_for(row, at=at - timedelta(microseconds=1), origin="api")
    assert before.roles
    assert not actor_for(row, at=at, origin="api").roles
