"""`madang person`: the link that lets somebody set a password, made on the machine itself."""

from __future__ import annotations

import click
from django.conf import settings

from madang.cli.acting import actor_named, as_option
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.errors import MailIsOff
from madang.cli.installation import opened
from madang.parties.people.actions import invite_person
from madang.parties.people.models import Membership, Person
from madang.parties.people.queries import people_for, person_by_email
from madang.portal.invitations import link_for, send_link


@command(
    "invite",
    ko="비밀번호를 정하는 일회용 링크를 만듭니다.",
    en="Make a link, for one use, to set a password.",
)
@click.argument("email")
@click.option(
    "--send",
    is_flag=True,
    cls=Option,
    text=Text("출력하지 않고 메일로 보냅니다", "Mail it instead of printing it"),
)
@as_option
def invite(console: Console, email: str, send: bool, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        person = person_by_email(email)
        if send and not settings.MAIL_IS_ON:
            raise MailIsOff
        invite_person(actor, person, at=installation.clock.now())
        link = link_for(person)
        if send:
            send_link(person, link)
    days = settings.PASSWORD_RESET_TIMEOUT // 86_400
    found = {"person": person.email, "days": days, "sent": send}
    if send:
        return Answer(found, [f"{Text('메일로 보냈습니다', 'mailed')}: {person.email}"])
    return Answer({**found, "link": link}, [link])


@command("list", ko="사람과 자리를 보여 줍니다.", en="List people and the places they hold.")
@as_option
def list_(console: Console, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        rows = people_for(actor_named(installation, as_)).prefetch_related(
            "memberships__organisation"
        )
        found = [_facts(row) for row in rows]
        lines = [_line(row) for row in rows]
    return Answer({"people": found}, lines)


def _places(row: Person) -> list[Membership]:
    return [place for place in row.memberships.all() if place.ends_at is None]


def _facts(row: Person) -> dict[str, object]:
    places = [
        {"organisation": place.organisation and place.organisation.code, "roles": place.roles}
        for place in _places(row)
    ]
    return {
        "person": row.email,
        "active": row.is_active,
        "has_password": row.has_usable_password(),
        "places": places,
    }


def _line(row: Person) -> str:
    held = [
        f"{place.organisation.code if place.organisation else '–'} {'/'.join(place.roles)}"
        for place in _places(row)
    ]
    state = ""
    if not row.is_active:
        state = str(Text("로그인 차단", "barred"))
    elif not row.has_usable_password():
        state = str(Text("비밀번호 없음", "no password yet"))
    return f"{row.email:40} {', '.join(held)}  {state}".rstrip()


person = group("person", invite, list_, ko="사람", en="People, and how they come in.")
