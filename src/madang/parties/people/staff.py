"""Who acts for the agency or watches it, and what ends when somebody begins to.

Until then an operator may have been shown the link that sets the person's password, and may
have used it. So a role of the staff begins with nothing that such a link could have left.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.events.models import Event
from madang.parties.people.models import ApiToken, Membership, Person

STAFF = frozenset({Role.OPERATOR, Role.AUDITOR})
SHOWN = "shown"
"""The fact of an invitation whose link an operator saw."""


def is_staff(person: Person) -> bool:
    """Whether the person acts for the agency, or watches it, now."""
    return _places(person).filter(ends_at=None).exists()


def staff_places(person: Person) -> list[int]:
    """Every place among the staff that the person holds or held: they only become more."""
    return list(_places(person).order_by("pk").values_list("pk", flat=True))


def begin_anew(actor: Actor, person: Person, *, at: datetime) -> None:
    """Forget the password and the tokens of somebody whose link was once shown, before the
    first role of the staff; links that are still out end by `portal/way_in_keys.py`."""
    if not _was_shown(person):
        return
    person.set_unusable_password()
    person.save(update_fields=["password"])
    ApiToken.objects.filter(person=person, revoked_at=None).update(revoked_at=at)
    record_event(actor, "person.begin_anew", subject_type="person", subject_id=person.id, at=at)


def _places(person: Person) -> QuerySet[Membership]:
    return Membership.objects.filter(person=person, roles__overlap=sorted(STAFF))


def _was_shown(person: Person) -> bool:
    return Event.objects.filter(
        action="person.invite", subject_type="person", subject_id=str(person.id),
        **{f"facts__{SHOWN}": True},
    ).exists()  # fmt: skip
