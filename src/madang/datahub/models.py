"""All tables of this room, where Django looks for them."""

from madang.datahub.commits.models import Commit, Page, Ref, RefKind
from madang.datahub.contents.models import Chunk, Claim, Content, Pack, ReceivedXorb
from madang.datahub.sets.models import Access, DataSet, Field

__all__ = [
    "Access",
    "Chunk",
    "Claim",
    "Commit",
    "Content",
    "DataSet",
    "Field",
    "Pack",
    "Page",
    "ReceivedXorb",
    "Ref",
    "RefKind",
]
