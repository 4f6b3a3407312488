"""All tables of this room, where Django looks for them."""

from madang.datahub.access.models import AccessRequest
from madang.datahub.commits.models import Commit, Page, Ref, RefKind
from madang.datahub.contents.models import Chunk, Claim, Content, Pack, ReceivedXorb
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.plan.models import BuildGoal, BuildProject
from madang.datahub.quality.models import QualityCheck, Waiver
from madang.datahub.releases.models import Release
from madang.datahub.sets.models import Access, DataSet, Field
from madang.datahub.uses.models import Use, UseKind
from madang.datahub.versions.models import Recall, Version

__all__ = [
    "Access",
    "AccessRequest",
    "BuildGoal",
    "BuildProject",
    "Chunk",
    "Claim",
    "Commit",
    "Content",
    "DataSet",
    "DemandItem",
    "DemandSurvey",
    "Field",
    "Pack",
    "Page",
    "QualityCheck",
    "Recall",
    "ReceivedXorb",
    "Ref",
    "RefKind",
    "Release",
    "Use",
    "UseKind",
    "Version",
    "Waiver",
]
