"""All tables of this room, where Django looks for them."""

from madang.datahub.access.models import AccessRequest
from madang.datahub.comments.models import Comment, CommentRound
from madang.datahub.commits.models import Commit, Page, Ref, RefKind
from madang.datahub.contents.models import Chunk, Claim, Content, Pack, ReceivedXorb, XorbClaim
from madang.datahub.deliveries.models import Delivery, SampleOpinion
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.ingest.models import Original
from madang.datahub.plan.models import BuildGoal, BuildProject
from madang.datahub.preview.models import VersionFacts
from madang.datahub.proposals.models import BuildOffer, Proposal
from madang.datahub.quality.models import QualityCheck, Waiver
from madang.datahub.releases.models import Release
from madang.datahub.results.models import ResultExport, ResultFile
from madang.datahub.search.models import SearchRow
from madang.datahub.sets.models import Access, DataSet, Field
from madang.datahub.terms.models import BuildTerms
from madang.datahub.uses.models import Use, UseKind
from madang.datahub.versions.models import Recall, Version

__all__ = [
    "Access",
    "AccessRequest",
    "BuildGoal",
    "BuildOffer",
    "BuildProject",
    "BuildTerms",
    "Chunk",
    "Claim",
    "Comment",
    "CommentRound",
    "Commit",
    "Content",
    "DataSet",
    "Delivery",
    "DemandItem",
    "DemandSurvey",
    "Field",
    "Original",
    "Pack",
    "Page",
    "Proposal",
    "QualityCheck",
    "Recall",
    "ReceivedXorb",
    "Ref",
    "RefKind",
    "Release",
    "ResultExport",
    "ResultFile",
    "SampleOpinion",
    "SearchRow",
    "Use",
    "UseKind",
    "Version",
    "VersionFacts",
    "Waiver",
    "XorbClaim",
]
