from __future__ import annotations

import pytest

from madang.core.errors import NotAllowed, NotFound, NotSignedIn
from madang.parties.people.actions import deactivate_person, set_password
from madang.parties.people.queries import (
    actor_for,
    members_of,
    people_for,
    person_by_email,
    person_by_password,
    person_for,
)
from madang.parties.people.tokens import create_token, person_by_token, revoke_token


def test_token_is_shown_once_kept_as_a_digest_and_stops_when_revoked(person, at) -> None:
    actor = person("kim@hana.example", "hana", "beneficiary")
    row = person_by_email("kim@hana.example")
    token, secret = create_token(actor, row, at=at)
    assert secret.startswith("mdp_")
    assert len(secret) >= 4 + 43, "at least 192 random bits"
    assert secret not in str(token.__dict__)
    assert person_by_token(secret) == row
    for _ in range(2):
        revoke_token(actor, token.pk, at=at)
    with pytest.raises(NotSignedIn):
        person_by_token(secret)


def test_token_is_made_and_revoked_only_by_its_owner(person, at) -> None:
    kim = person("kim@hana.example", "hana", "beneficiary")
    lee = person("lee@duri.example", "duri", "beneficiary")
    row = person_by_email("kim@hana.example")
    with pytest.raises(NotAllowed):
        create_token(lee, row, at=at)
    token, _ = create_token(kim, row, at=at)
    with pytest.raises(NotFound):
        revoke_token(lee, token.pk, at=at)


def test_password_signs_in_and_a_wrong_one_or_an_unknown_address_does_not(person, at) -> None:
    actor = person("kim@hana.example", "hana", "beneficiary")
    row = person_by_email("kim@hana.example")
    with pytest.raises(NotSignedIn):
        person_by_password("kim@hana.example", "")
    set_password(actor, row, "correct horse", at=at)
    assert person_by_password("KIM@hana.example", "correct horse") == row
    for email, password in (("kim@hana.example", "wrong"), ("no@hana.example", "wrong")):
        with pytest.raises(NotSignedIn):
            person_by_password(email, password)


def test_barred_person_neither_signs_in_nor_holds_a_role(system, person, at) -> None:
    actor = person("kim@hana.example", "hana", "beneficiary")
    row = person_by_email("kim@hana.example")
    _, secret = create_token(actor, row, at=at)
    deactivate_person(system, row, at=at, reason="left")
    with pytest.raises(NotSignedIn):
        person_by_token(secret)
    assert not actor_for(row, at=at, origin="api").roles


def test_people_see_colleagues_only_and_auditors_everybody(person) -> None:
    kim = person("kim@hana.example", "hana", "beneficiary")
    person("cho@hana.example", "hana", "beneficiary")
    lee = person("lee@duri.example", "duri", "beneficiary")
    auditor = person("aud@audit.example", None, "auditor")
    emails = [row.email for row in people_for(kim)]
    assert emails == ["cho@hana.example", "kim@hana.example"]
    assert people_for(auditor).count() == 4
    with pytest.raises(NotFound):
        person_for(lee, person_by_email("kim@hana.example").id)
    hana = next(iter(kim.organisations))
    assert members_of(hana).count() == 2
