"""Numbers of use, always counted from the rows."""

from __future__ import annotations

from collections import Counter

from madang.datahub.sets.models import DataSet
from madang.datahub.uses.models import Use
from madang.datahub.versions.models import Version
from madang.parties.people.models import Person


def downloaders(version: Version) -> list[Person]:
    """Everybody with a name who ever took this version, each once."""
    who = Use.objects.filter(version=version, is_person=True).values_list("who", flat=True)
    return list(Person.objects.filter(pk__in=set(who)).order_by("id"))


def uses_of(data_set: DataSet) -> int:
    return Use.objects.filter(version__data_set=data_set).count()


def uses_by_kind(data_set: DataSet) -> dict[str, int]:
    kinds = Use.objects.filter(version__data_set=data_set).values_list("user_kind", flat=True)
    return dict(sorted(Counter(kinds).items()))
