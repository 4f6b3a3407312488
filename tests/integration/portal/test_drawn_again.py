"""What a page says when a form of it is refused: where, in which language, and again."""

from __future__ import annotations

import pytest
from tests.integration.portal import test_access_matrix as matrix
from tests.integration.portal import world as worlds

from madang.portal.again.markup import Reader

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _hasher():
    return ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def town(settings, _hasher):
    settings.PASSWORD_HASHERS = _hasher
    return worlds.build()


def test_a_refusal_is_told_at_its_place_and_the_second_one_too(town):
    """Beside the field that the room names, in Korean; above the form where it names none;
    to nobody else's page; and from the address of the step, where a browser then stands."""
    op = matrix._client(town, "op@agency.example")
    op.cookies["django_language"] = "ko"
    place, page = "/operator/people/new/", "/operator/people/"
    given = {"email": "x@new.example", "language": "ko", "organisation": "none", "roles": "x"}

    def send(body, referer):
        return op.post(place, body, headers={"referer": f"http://testserver{referer}"})

    beside = send({**given, "roles": ["supplier"]}, page)
    text = beside.content.decode()
    assert beside.status_code == 422
    assert 'id="id_organisation-error"' in text
    assert 'aria-describedby="id_organisation-hint id_organisation-error"' in text or (
        'aria-describedby="id_organisation-error"' in text
    )
    assert "is not" not in text.split("errorlist", 1)[1][:200], "told in Korean"
    hidden = next(form.hidden for form in Reader(text).forms if form.tag.get("action") == place)
    assert hidden["drawn-from"] == page

    again = send({**given, "roles": ["supplier"], "drawn-from": page}, place)
    assert (again.status_code, 'value="x@new.example"' in again.content.decode()) == (422, True)

    abroad = send({**given, "drawn-from": "https://elsewhere.example/operator/people/"}, "")
    assert abroad.status_code == 422, "the page above the address is ours"

    award = f"/operator/awards/{town.award.id}/lapse/"
    gone = op.post(award, {"reason": "<script>그만</script>"})
    text = gone.content.decode()
    assert gone.status_code == 409, "nothing on the page offers this step any more"
    assert "&lt;script&gt;그만&lt;/script&gt;" in text
    assert "<script>그만" not in text

    stranger = matrix._client(town, "kim@hana.example")
    seen = stranger.post(place, given, headers={"referer": f"http://testserver{page}"})
    assert (seen.status_code, 'name="email"' in seen.content.decode()) == (403, False)


def test_page_that_cannot_be_drawn_again_never_hides_the_refusal(town, monkeypatch):
    """The sentence and the words are told on a page of their own."""

    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("madang.portal.pages.operator.people._page", broken)
    op = matrix._client(town, "op@agency.example")
    body = {"email": "x@new.example", "name": "Some Body", "language": "ko", "roles": ["x"]}
    refused = op.post("/operator/people/new/", body)
    assert (refused.status_code, "Some Body" in refused.content.decode()) == (422, True)


def test_file_that_is_missing_and_a_summary_too_long_are_said_beside_their_fields(town):
    kim = matrix._client(town, "kim@hana.example")
    kim.cookies["django_language"] = "en"
    place = f"/applications/{town.applications['draft'].id}"
    told = kim.post(f"{place}/match/", {"supplier": "nuri", "summary": "y" * 2001})
    text = told.content.decode()
    assert (told.status_code, "match-summary-error" in text) == (422, True)
    assert "y" * 2001 in text, "nothing that was typed is lost"
    told = kim.post(f"{place}/files/evidence/attach/", {})
    assert (told.status_code, "Choose a file first." in told.content.decode()) == (422, True)
