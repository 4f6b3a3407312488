"""Tables of a set as Parquet on a branch beside it, which readers ask for by name."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from madang.datahub.commits.actions import Change, commit, make_ref
from madang.datahub.commits.models import Commit, RefKind
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.models import Content
from madang.datahub.errors import PreviewImpossible
from madang.datahub.ingest.parquet import as_parquet
from madang.datahub.preview.opening import beginning
from madang.datahub.preview.tables import BAD, TABLES, frame_of
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import DataSet
from madang.parties.actor import Actor

BRANCH = "convert/parquet"
PARQUET = ".parquet"
TABLE_BYTES_MAX = 1024**3


@transaction.atomic
def convert(actor: Actor, data_set: DataSet, head: Commit, *, at: datetime) -> Commit:
    """The branch holds the tables of `head` and nothing else. Raises PreviewImpossible."""
    need_writer(actor, data_set)
    tree = tree_of(head)
    puts: list[tuple[str, bytes]] = []
    for entry in tree.walk():
        if not entry.path.lower().endswith(TABLES):
            continue
        if entry.path.endswith(PARQUET):
            puts.append((entry.path, entry.sha256))
            continue
        if entry.size > TABLE_BYTES_MAX:
            raise PreviewImpossible(
                file=entry.path, reason=f"larger than {TABLE_BYTES_MAX} bytes"
            )
        data = _parquet(entry.path, Content.objects.get(pk=entry.sha256))
        content = take_in(data_set, [data], Announced(len(data)), at=at)
        puts.append((entry.path.rpartition(".")[0] + PARQUET, bytes(content.sha256)))
    return _committed(actor, data_set, head, puts, at)


def _parquet(path: str, content: Content) -> bytes:
    try:
        return as_parquet(frame_of(path, beginning(content, content.size_bytes)))
    except BAD as err:
        reason = (str(err) or type(err).__name__).splitlines()[0][:200]
        raise PreviewImpossible(file=path, reason=reason) from err


def _committed(
    actor: Actor,
    data_set: DataSet,
    head: Commit,
    puts: list[tuple[str, bytes]],
    at: datetime,
) -> Commit:
    ref = data_set.refs.filter(kind=RefKind.BRANCH, name=BRANCH).first()
    if ref is None:
        first = Commit.objects.get(data_set=data_set, number=0)
        ref = make_ref(actor, data_set, RefKind.BRANCH, BRANCH, first, at=at)
    kept = {path for path, _ in puts}
    gone = [one.path for one in tree_of(ref.commit).walk() if one.path not in kept]
    change = Change(puts=puts, gone_files=gone, title=f"tables of {head.id[:12]}")
    return commit(actor, data_set, change, branch=BRANCH, at=at)
