"""Somebody who was entered sets a password and comes in, without anybody else ever knowing it.

Goal: outside test mode, where no file holds a password, there is a way in for the first person
and for the thousandth, and no operator can become a second person on it.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.forms import default_token_generator
from django.core import mail
from django.test import Client
from tests.integration.portal.conftest import AT, PASSWORD

from madang.parties.actor import system_actor
from madang.parties.events.models import Event
from madang.parties.joining.models import JoinRequest
from madang.parties.joining.telling import tell_declined
from madang.parties.people.actions import declare_person, end_place
from madang.parties.people.models import Membership, Person
from madang.portal.invitations import link_for

pytestmark = pytest.mark.django_db
NEW = "a-yard-of-my-own-2026"
LINK = re.compile(r"http://\S+/account/password/new/\S+")


@pytest.fixture
def mailed(settings):
    settings.MAIL_IS_ON = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PORTAL_URL = "http://portal.example"
    return mail


@pytest.fixture
def no_mail(settings) -> None:
    settings.MAIL_IS_ON = False


@pytest.fixture
def newcomer(person) -> Person:
    row = person("new@hana.example", "beneficiary", organisation="hana")
    row.set_unusable_password()
    row.save(update_fields=["password"])
    return row


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def take(link: str, password: str = NEW) -> Client:
    """Open the link and set a password on the page it leads to."""
    browser = Client(HTTP_ACCEPT_LANGUAGE="en")
    page = browser.get(path_of(link))
    if page.status_code == 302:
        browser.post(page.headers["location"], {"password1": password, "password2": password})
    return browser


def signs_in(email: str, password: str) -> bool:
    browser = Client()
    browser.post("/account/sign-in/", {"login": email, "password": password})
    return "_auth_user_id" in browser.session


def test_link_that_was_asked_for_sets_the_password_once(mailed, newcomer):
    Client().post("/account/password/lost/", {"email": "NEW@hana.example"})
    (letter,) = mailed.outbox
    assert letter.to == ["new@hana.example"]
    (link,) = LINK.findall(letter.body)
    assert link.startswith("http://portal.example/")
    take(link)
    assert signs_in("new@hana.example", NEW)
    take(link, "another-word-2026")
    assert not signs_in("new@hana.example", "another-word-2026")
    assert Event.objects.filter(action="person.password", actor=str(newcomer.id)).count() == 1


def test_letter_is_in_the_persons_own_language(mailed, newcomer):
    newcomer.language = "ko"
    newcomer.save(update_fields=["language"])
    Client(HTTP_ACCEPT_LANGUAGE="en").post("/account/password/lost/", {"email": newcomer.email})
    assert "비밀번호를 정한 뒤" in mailed.outbox[0].body
    assert mailed.outbox[0].subject == "마당에 들어오는 링크"


def test_stranger_learns_nothing_and_gets_no_mail(mailed, newcomer):
    known = Client().post("/account/password/lost/", {"email": newcomer.email})
    unknown = Client().post("/account/password/lost/", {"email": "nobody@where.example"})
    assert (known.status_code, known.headers["location"]) == (
        unknown.status_code, unknown.headers["location"],
    )  # fmt: skip
    assert [letter.to for letter in mailed.outbox] == [[newcomer.email]]


def test_link_never_names_the_host_that_a_request_brought(mailed, newcomer, settings):
    settings.ALLOWED_HOSTS = ["*"]
    Client(HTTP_HOST="evil.example").post("/account/password/lost/", {"email": newcomer.email})
    assert "evil.example" not in mailed.outbox[0].body


def test_changed_link_holds_no_longer(newcomer):
    assert is_refused(link_for(newcomer)[:-3] + "xy/")


def test_link_holds_no_longer_once_another_was_used(newcomer):
    first = link_for(newcomer)
    take(link_for(newcomer))
    assert is_refused(first)


def test_link_holds_for_three_days(newcomer, monkeypatch):
    link = link_for(newcomer)
    made = default_token_generator._now()
    clock = "django.contrib.auth.tokens.PasswordResetTokenGenerator._now"
    monkeypatch.setattr(clock, lambda _self: made + timedelta(days=2, hours=23))
    assert not is_refused(link)
    monkeypatch.setattr(clock, lambda _self: made + timedelta(days=3, hours=1))
    assert is_refused(link)


def is_refused(link: str) -> bool:
    """Whether the page says so, asks for nothing, and offers another link."""
    page = Client(HTTP_ACCEPT_LANGUAGE="en").get(path_of(link), follow=True)
    assert page.status_code == 200
    text = page.content.decode().split("md-auth")[1]
    said = "This link holds no longer" in text
    assert said == ("password1" not in text) == ("/account/password/lost/" in text)
    return said


def test_weak_password_is_refused_and_the_link_still_holds(newcomer):
    link = link_for(newcomer)
    take(link, "12345")
    assert not signs_in(newcomer.email, "12345")
    take(link)
    assert signs_in(newcomer.email, NEW)


def test_where_no_mail_is_sent_the_page_says_who_hands_the_link_over(no_mail, newcomer):
    page = Client(HTTP_ACCEPT_LANGUAGE="en").get("/account/password/lost/")
    assert "This installation sends no mail" in page.content.decode()
    assert "<form" not in page.content.decode().split("md-auth")[1].split("</main>")[0]


def test_mail_server_that_is_away_is_said(newcomer, settings):
    settings.MAIL_IS_ON = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = Client(HTTP_ACCEPT_LANGUAGE="en").post(
        "/account/password/lost/", {"email": newcomer.email}
    )
    assert answer.status_code == 503
    text = answer.content.decode()
    assert ("md-refused" in text, f'value="{newcomer.email}"' in text) == (True, True)


class TestOperatorsPage:
    def test_person_is_entered_invited_and_comes_in(self, no_mail, person, browse):
        op = person("op@agency.example", "operator")
        desk = browse(op, language="en")
        for path, given in [
            (
                "/operator/organisations/new/",
                {"code": "dul", "name_ko": "둘", "name_en": "Dul", "kind": "sme"},
            ),
            (
                "/operator/people/new/",
                {
                    "email": "lee@dul.example", "name": "Lee", "language": "ko",
                    "organisation": "dul", "roles": ["beneficiary", "builder"],
                },
            ),
        ]:  # fmt: skip
            assert desk.post(path, given).status_code == 302
        row = Person.objects.get(email="lee@dul.example")
        page = desk.post(f"/operator/people/{row.id}/invite/")
        (link,) = LINK.findall(page.content.decode().replace("<", " "))
        take(link)
        assert signs_in("lee@dul.example", NEW)
        place = Membership.objects.get(person=row)
        assert (place.organisation.code, place.roles) == ("dul", ["beneficiary", "builder"])
        assert Event.objects.filter(action="person.invite").count() == 1

    def test_with_mail_the_link_is_never_shown(self, mailed, person, newcomer, browse):
        op = person("op@agency.example", "operator")
        desk = browse(op, language="en")
        page = desk.post(f"/operator/people/{newcomer.id}/invite/", follow=True)
        assert "password/new" not in page.content.decode()
        assert mailed.outbox[-1].to == [newcomer.email]

    @pytest.mark.parametrize("role", ["operator", "auditor"])
    def test_operator_cannot_become_a_second_person(self, no_mail, person, browse, role):
        op = person("op@agency.example", "operator")
        second = person("two@agency.example", role)
        second.set_unusable_password()
        second.save(update_fields=["password"])
        desk = browse(op, language="en")
        shown = desk.post(f"/operator/people/{second.id}/invite/")
        assert (shown.status_code, "password/new" in shown.content.decode()) == (422, False)
        made = desk.post(
            "/operator/people/new/",
            {"email": "me2@agency.example", "language": "ko", "roles": [role]},
        )
        assert made.status_code == 422
        moved = desk.post(
            "/operator/people/new/",
            {"email": second.email, "language": "ko", "roles": ["reviewer"]},
        )
        assert moved.status_code == 422
        assert not Person.objects.filter(email="me2@agency.example").exists()
        assert Membership.objects.get(person=second, ends_at=None).roles == [role]

    @pytest.mark.parametrize("role", ["operator", "auditor"])
    def test_link_that_was_shown_ends_when_the_person_becomes_staff(
        self, no_mail, person, newcomer, browse, role
    ):
        link = self.shown(person, newcomer, browse)
        declare_person(system_actor("cli"), email=newcomer.email, roles=[role], at=AT)
        assert is_refused(link)
        end_place(system_actor("cli"), newcomer.memberships.get(roles=[role]), at=AT)
        assert is_refused(link)

    def test_mailed_link_ends_when_the_person_becomes_staff(self, person):
        row = person("kim@hana.example", "beneficiary", organisation="hana")
        link = link_for(row)
        declare_person(system_actor("cli"), email=row.email, roles=["operator"], at=AT)
        assert is_refused(link)
        assert signs_in(row.email, PASSWORD)

    def test_what_was_set_by_a_shown_link_ends_when_the_person_becomes_staff(
        self, no_mail, person, newcomer, browse, api
    ):
        browser = take(self.shown(person, newcomer, browse))
        browser.post("/account/sign-in/", {"login": newcomer.email, "password": NEW})
        assert api(newcomer.email).get("/me")[0] == 200
        declare_person(system_actor("cli"), email=newcomer.email, roles=["reviewer"], at=AT)
        assert browser.get("/account/desk/").status_code == 200
        declare_person(system_actor("cli"), email=newcomer.email, roles=["operator"], at=AT)
        assert browser.get("/account/desk/").status_code == 302
        assert api(newcomer.email).get("/me")[0] == 401
        assert not signs_in(newcomer.email, NEW)
        newcomer.refresh_from_db()
        take(link_for(newcomer))
        assert signs_in(newcomer.email, NEW)

    @staticmethod
    def shown(person, newcomer, browse) -> str:
        op = person("op@agency.example", "operator")
        page = browse(op, language="en").post(f"/operator/people/{newcomer.id}/invite/")
        (link,) = LINK.findall(page.content.decode().replace("<", " "))
        return link

    def test_link_of_somebody_with_a_password_is_not_shown(self, no_mail, person, browse):
        op = person("op@agency.example", "operator")
        row = person("kim@hana.example", "beneficiary", organisation="hana")
        desk = browse(op, language="en")
        page = desk.post(f"/operator/people/{row.id}/invite/")
        assert (page.status_code, "password/new" in page.content.decode()) == (422, False)
        assert "parties.person.link_not_shown" in page.content.decode()

    def test_who_is_barred_cannot_sign_in_until_let_in_again(self, person, newcomer, browse):
        op = person("op@agency.example", "operator")
        row = person("kim@hana.example", "beneficiary", organisation="hana")
        desk = browse(op, language="en")
        desk.post(f"/operator/people/{row.id}/bar/", {"reason": "left the firm"})
        assert not signs_in(row.email, PASSWORD)
        page = desk.post(f"/operator/people/{row.id}/invite/")
        assert "parties.person.barred" in page.content.decode()
        desk.post(f"/operator/people/{row.id}/readmit/", {"reason": "came back"})
        assert signs_in(row.email, PASSWORD)

    def test_people_are_found_by_name_address_and_organisation(self, person, browse):
        op = person("op@agency.example", "operator")
        person("kim@hana.example", "beneficiary", organisation="hana")
        person("park@dul.example", "supplier", organisation="dul")
        desk = browse(op, language="en")
        for words, found in [("hana", "kim@"), ("PARK", "park@"), ("dul", "park@")]:
            table = desk.get(f"/operator/people/?q={words}").content.decode()
            rows = table.split("<tbody>")[1].split("</tbody>")[0]
            assert found in rows
            assert rows.count("<tr>") == 1

    def test_organisation_that_is_unknown_is_said_beside_its_field(self, person, browse):
        op = person("op@agency.example", "operator")
        page = browse(op, language="en").post(
            "/operator/people/new/",
            {"email": "lee@dul.example", "name": "Lee", "language": "ko",
             "organisation": "nowhere", "roles": ["supplier"]},
        )  # fmt: skip
        text = page.content.decode()
        assert (page.status_code, "nowhere" in text, 'value="Lee"' in text) == (422, True, True)
        assert 'id="id_organisation-error"' in text
        assert not Person.objects.filter(email="lee@dul.example").exists()

    def test_wrong_fields_are_said_and_kept(self, person, browse):
        op = person("op@agency.example", "operator")
        desk = browse(op, language="en")
        page = desk.post("/operator/people/new/", {"email": "lee@", "name": "Lee", "roles": []})
        text = page.content.decode()
        assert (page.status_code, 'value="Lee"' in text, 'value="lee@"' in text) == (
            422, True, True,
        )  # fmt: skip


ASKED = {
    "name_ko": "새 기업", "name_en": "New Firm", "kind": "sme", "role": "beneficiary",
    "registration_no": "123-45-67890", "name": "Na", "email": "Na@new.example",
}  # fmt: skip


def ask(**other: str):
    return Client(HTTP_ACCEPT_LANGUAGE="en").post("/account/join/", {**ASKED, **other})


def waiting() -> JoinRequest:
    return JoinRequest.objects.get(state="asked")


@pytest.mark.usefixtures("no_mail")
def test_request_is_accepted_and_the_person_comes_in(person, browse):
    op = person("op@agency.example", "operator")
    assert ask().headers["location"] == "/account/join/asked/"
    desk = browse(op, language="en")
    assert "새 기업" in desk.get("/account/desk/").content.decode()
    assert "na@new.example" in desk.get("/operator/people/").content.decode()
    page = desk.post(f"/operator/joins/{waiting().id}/accept/", {"code": "new"})
    (link,) = LINK.findall(page.content.decode().replace("<", " "))
    take(link)
    assert signs_in("na@new.example", NEW)
    place = Membership.objects.get(person__email="na@new.example")
    assert (place.organisation.registration_no, place.roles) == (
        "123-45-67890", ["beneficiary"],
    )  # fmt: skip


@pytest.mark.usefixtures("no_mail")
def test_second_person_is_added_to_the_organisation_of_that_number(person, browse):
    op = person("op@agency.example", "operator")
    desk = browse(op, language="en")
    for email, code, role in [
        ("na@new.example", "new", "beneficiary"),
        ("da@new.example", "other", "builder"),
        ("na@new.example", "third", "builder"),
    ]:
        ask(email=email, role=role, registration_no="1234567890")
        desk.post(f"/operator/joins/{waiting().id}/accept/", {"code": code})
    held = Membership.objects.filter(ends_at=None, organisation__code="new")
    assert {one.person.email: one.roles for one in held} == {
        "na@new.example": ["beneficiary", "builder"],
        "da@new.example": ["builder"],
    }
    assert not Membership.objects.filter(organisation__code__in=["other", "third"]).exists()


def declined(desk: Client, **other: str) -> tuple[JoinRequest, str]:
    """A request that an operator declines, and what the operator is told."""
    ask(**other)
    row = waiting()
    page = desk.post(
        f"/operator/joins/{row.id}/decline/", {"reason": "no such number"}, follow=True
    )
    row.refresh_from_db()
    return row, page.content.decode()


def tell_after(minutes: int) -> int:
    return tell_declined(system_actor("worker"), at=AT + timedelta(minutes=minutes))


def test_declined_request_is_answered_by_mail_and_forgotten(mailed, person, browse):
    desk = browse(person("op@agency.example", "operator"), language="en")
    row, told = declined(desk)
    assert "The reason goes out by mail." in told
    assert (row.state, row.email, row.name, row.words) == (
        "declined", "na@new.example", "", "",
    )  # fmt: skip
    assert (tell_after(0), tell_after(1)) == (1, 0)
    (letter,) = mailed.outbox
    assert (letter.to, "no such number" in letter.body) == (["na@new.example"], True)
    row.refresh_from_db()
    assert (row.email, row.reason) == ("", "")
    assert desk.post(f"/operator/joins/{row.id}/accept/", {"code": "x"}).status_code == 409


@pytest.mark.parametrize(
    ("asked_in", "subject"),
    [("ko", "마당 가입 요청에 대한 답변"), ("en", "Your request to join Madang")],
)
def test_letter_of_a_declined_request_is_in_the_askers_language(
    mailed, person, browse, asked_in, subject
):
    desk = browse(person("op@agency.example", "operator"), language="en")
    browser = Client(HTTP_ACCEPT_LANGUAGE=asked_in)
    browser.post("/account/join/", ASKED)
    desk.post(f"/operator/joins/{waiting().id}/decline/", {"reason": "r"})
    assert tell_after(0) == 1
    assert mailed.outbox[0].subject == subject


def test_letter_that_fails_is_sent_again_and_the_address_is_kept_until_then(
    mailed, person, browse, settings
):
    desk = browse(person("op@agency.example", "operator"), language="en")
    there = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    row, _ = declined(desk)
    assert tell_after(0) == 0
    settings.EMAIL_BACKEND = there
    assert (tell_after(9), tell_after(10), tell_after(11)) == (0, 1, 0)
    assert mailed.outbox[0].to == ["na@new.example"]
    told = Event.objects.filter(action="join_request.tell", subject_id=str(row.id))
    assert [one.facts["is_told"] for one in told.order_by("at")] == [False, True]


def test_address_that_takes_no_letter_is_forgotten_after_the_last_attempt(
    mailed, person, browse, settings
):
    desk = browse(person("op@agency.example", "operator"), language="en")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    row, _ = declined(desk)
    kept = []
    for minute in (0, 10, 30, 70, 150, 310, 1000):
        tell_after(minute)
        row.refresh_from_db()
        kept.append(bool(row.email))
    assert (kept, row.attempts) == ([True] * 5 + [False] * 2, 6)


@pytest.mark.usefixtures("no_mail")
def test_where_no_mail_is_sent_the_operator_reads_that_nobody_is_told(person, browse):
    row, told = declined(browse(person("op@agency.example", "operator"), language="en"))
    assert "nobody is told" in told
    assert (row.email, row.reason, row.tell_at) == ("", "", None)


def test_same_address_asks_once_until_it_is_decided():
    assert [ask().status_code for _ in range(3)] == [302] * 3
    assert JoinRequest.objects.count() == 1


def test_one_place_cannot_fill_the_agencys_desk():
    answers = [ask(email=f"n{n}@new.example").status_code for n in range(7)]
    assert answers == [302] * 5 + [429] * 2


def test_machine_is_answered_alike_and_nothing_is_kept():
    assert ask(website="http://x.example").status_code == 302
    assert not JoinRequest.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"email": "na@"}, {"role": "operator"}, {"kind": "x"}, {"name_ko": ""}]
)
def test_wrong_fields_of_a_request_are_said_and_kept(wrong):
    page = ask(**wrong)
    assert (page.status_code, 'value="New Firm"' in page.content.decode()) == (422, True)
    assert not JoinRequest.objects.exists()


def test_known_operator_gains_no_role_by_asking(person, browse):
    op = person("op@agency.example", "operator")
    person("two@agency.example", "operator")
    ask(email="two@agency.example")
    page = browse(op, language="en").post(
        f"/operator/joins/{waiting().id}/accept/", {"code": "new"}
    )
    assert "parties.person.staff_by_declaration" in page.content.decode()
    assert waiting().email == "two@agency.example"


def test_code_of_another_organisation_is_refused(person, browse):
    op = person("op@agency.example", "operator")
    person("kim@hana.example", "beneficiary", organisation="hana")
    ask()
    page = browse(op, language="en").post(
        f"/operator/joins/{waiting().id}/accept/", {"code": "hana"}
    )
    assert page.status_code == 400
    assert "parties.field.invalid" in page.content.decode()
    assert waiting().email == "na@new.example"
