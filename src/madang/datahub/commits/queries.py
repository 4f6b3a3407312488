"""Finding a commit by what clients call a revision."""

from __future__ import annotations

import re

from django.db.models import QuerySet

from madang.datahub.commits.models import Commit, Ref
from madang.datahub.errors import RefUnknown
from madang.datahub.sets.models import DataSet

SHA = re.compile(r"^[0-9a-f]{7,40}$")


def commit_at(data_set: DataSet, revision: str) -> Commit:
    """By branch, tag, or (a beginning of) the commit's own id. Raises RefUnknown.

    Its index, which grows with the files, is read when the tree is.
    """
    name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
    ref = (
        Ref.objects.filter(data_set=data_set, name=name)
        .select_related("commit")
        .defer("commit__index")
        .order_by("kind")
        .first()
    )
    if ref is not None:
        return ref.commit
    if SHA.match(revision):
        rows = Commit.objects.filter(data_set=data_set, id__startswith=revision)
        found = list(rows.defer("index")[:2])
        if len(found) == 1:
            return found[0]
    raise RefUnknown(name=revision)


def history(commit: Commit) -> QuerySet[Commit]:
    """The commits up to this one, newest first. Branches share what lies before them."""
    rows = Commit.objects.filter(data_set=commit.data_set_id, number__lte=commit.number)
    return rows.order_by("-number", "-at").defer("index")
