"""What of a data set is served to whom: the one place that every reading path asks.

Once a version was released, readers get released versions only; writers keep their drafts.
A recalled version is served to nobody, under whatever name it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from madang.core.errors import MadangError
from madang.datahub.access.queries import has_access
from madang.datahub.access.rooms import is_in_room
from madang.datahub.commits.models import Commit
from madang.datahub.errors import AccessNeeded, RefUnknown, SecureRoomOnly, VersionRecalled
from madang.datahub.hub.revisions import revision_and_path
from madang.datahub.releases.models import Release
from madang.datahub.releases.workflow import SERVED
from madang.datahub.sets.actions import may_write
from madang.datahub.sets.models import Access, DataSet
from madang.datahub.uses.actions import record_use
from madang.datahub.uses.models import UseKind
from madang.datahub.versions.models import Recall
from madang.parties.actor import Actor
from madang.parties.api import ApiRequest
from madang.parties.remote import address_of


class Asking(Protocol):
    """A request of the protocol or of a page: who asks, and when."""

    @property
    def actor(self) -> Actor: ...

    @property
    def at(self) -> datetime: ...

    @property
    def META(self) -> Mapping[str, object]: ...  # noqa: N802  Django's own name


class Taking(Asking, Protocol):
    """The same, where it tells whether a part is asked for."""

    @property
    def headers(self) -> Mapping[str, str]: ...


MAIN = frozenset({"main", "refs/heads/main"})


def served(request: ApiRequest, data_set: DataSet, rest: str) -> tuple[Commit, str]:
    """The commit and path that this reader gets. Raises RefUnknown, VersionRecalled."""
    commit, path = revision_and_path(request, data_set, rest)
    revision = rest[: len(rest) - len(path)].rstrip("/")
    return served_commit(request.actor, data_set, commit, revision), path


def served_commit(actor: Actor, data_set: DataSet, commit: Commit, revision: str) -> Commit:
    refuse_recalled(data_set, commit)
    if may_write(actor, data_set) or actor.sees_everything:
        return commit
    releases = Release.objects.filter(version__data_set=data_set).exclude(opened_at=None)
    if not releases.exists() and not _was_recalled(data_set):
        return commit
    shown = releases.filter(state__in=SERVED)
    if shown.filter(version__commit=commit).exists():
        return commit
    if revision not in MAIN:
        raise RefUnknown(name=revision)
    rows = shown.select_related("version__commit").defer("version__commit__index")
    newest = rows.order_by("-opened_at").first()
    if newest is None:
        raise _nothing_left(data_set, revision)
    return newest.version.commit


def _was_recalled(data_set: DataSet) -> bool:
    """Since then drafts are no way around, though nothing of the set was ever opened."""
    return Recall.objects.filter(version__data_set=data_set).exists()


def shown_to_everybody(data_set: DataSet, head: Commit) -> Commit | None:
    """What a reader without a name gets under main; nothing while all is taken back."""
    try:
        return served_commit(Actor("anonymous"), data_set, head, "main")
    except MadangError:
        return None


def _nothing_left(data_set: DataSet, revision: str) -> MadangError:
    """Every version was taken back, or is suspended for now."""
    last = Recall.objects.filter(version__data_set=data_set).order_by("-at").first()
    return RefUnknown(name=revision) if last is None else _recalled(last)


def refuse_recalled(data_set: DataSet, commit: Commit) -> None:
    recall = Recall.objects.filter(version__commit=commit).select_related("version").first()
    if recall is not None:
        raise _recalled(recall)


def unless_recalled(
    data_set: DataSet, commit: Commit, pieces: Iterator[bytes]
) -> Iterator[bytes]:
    """An answer that is under way ends when the version is taken back meanwhile."""
    for number, piece in enumerate(pieces):
        if number:
            refuse_recalled(data_set, commit)
        yield piece


def _recalled(recall: Recall) -> VersionRecalled:
    version = recall.version
    return VersionRecalled(
        name=version.data_set.code, number=version.number, reason=recall.reason
    )


def need_bytes(request: Asking, data_set: DataSet) -> None:
    """May this reader have the files, not only their names? Raises AccessNeeded and others."""
    if bytes_are_open(request, data_set):
        return
    if data_set.access == Access.SECURE:
        raise SecureRoomOnly(name=data_set.code)
    raise AccessNeeded(name=data_set.code)


def bytes_are_open(request: Asking, data_set: DataSet) -> bool:
    """The same question without a refusal, for pages that show what they may.

    A secure set asks for an approved application and for the place, too.
    """
    actor, at = request.actor, request.at
    if data_set.access == Access.OPEN or may_write(actor, data_set):
        return True
    if not has_access(actor, data_set, at):
        return False
    return data_set.access == Access.GATED or is_in_room(address_of(request.META), at)


def count_use(request: Taking, data_set: DataSet, commit: Commit) -> None:
    """A reader took bytes of a released version. Builders reading their own do not count."""
    version = getattr(commit, "version", None)
    if version is None or may_write(request.actor, data_set):
        return
    kind = UseKind.STREAMED if request.headers.get("range") else UseKind.DOWNLOADED
    address = address_of(request.META)
    record_use(request.actor, version, kind, address=address, at=request.at)
