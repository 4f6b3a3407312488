"""Who acts through the command line: a person named with --as, else the platform itself."""

from __future__ import annotations

import click

from madang.cli.console import Option, Text
from madang.cli.errors import PersonNeeded, UnknownPerson
from madang.cli.installation import Installation
from madang.core.clock import is_test_mode
from madang.parties.actor import Actor, system_actor
from madang.parties.errors import PartyUnknown
from madang.parties.people.queries import actor_for, person_by_email

ORIGIN = "cli"
as_option = click.option(
    "--as",
    "as_",
    cls=Option,
    text=Text("이 일을 하는 사람의 이메일", "E-mail of the person who does this"),
    metavar="PERSON",
)


def actor_named(installation: Installation, as_: str | None) -> Actor:
    """The person in the roles held now, or the platform. Raises UnknownPerson."""
    if as_ is None:
        return system_actor(ORIGIN)
    try:
        person = person_by_email(as_)
    except PartyUnknown as err:
        raise UnknownPerson(person=as_) from err
    return actor_for(person, at=installation.clock.now(), origin=ORIGIN)


def answerable(installation: Installation, as_: str | None, *, what: str) -> Actor:
    """For steps that move money: outside test mode a person answers for each of them."""
    if as_ is None and not is_test_mode():
        raise PersonNeeded(what=what)
    return actor_named(installation, as_)
