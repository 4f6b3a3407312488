"""What this room refuses, and what can be unwell in it.

Refused
├── GrantNotOpen, GrantFrozen, CapacityNotOpen
├── CardsTooMany, WholeServersOnly, TimeLimitInvalid, CommandMissing, VariableInvalid,
│   OrderInvalid
├── DatasetNotHere, DatasetRepeated, DatasetTooLarge
├── TranchesInvalid, TranchesGiven, PeriodInvalid, ReportMissing
├── NothingToGiveBack, ObjectionLate
├── NotDisputed, NotInDoubt, DecisionInvalid
├── OfferMissing, OfferingNotCompute, OrganisationDiffers, AboveAutoApproval, ShareExceeded
├── UserForbidden, UsersShared, EngineRefused, SampleInvalid
├── ClassSizeInvalid, PetaflopsInvalid, StageRepeated, SiteInvalid
NotFound
└── SiteUnknown, ClassUnknown, DatasetUnknown
Conflict
└── SiteExists, ClassExists, GrantExists, JobExists
Unwell
└── EngineUnwell
    └── EngineUnclear      the engine may have done it: nobody knows yet
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Conflict, Malformed, NotFound, Refused, Unwell


class GrantNotOpen(Refused):
    """Before its first day, after its last, withdrawn, or ended: `state` says which."""

    code = "compute.grant.not_open"
    in_words: ClassVar[frozenset[str]] = Refused.in_words | {"state"}


class GrantFrozen(Refused):
    code = "compute.grant.frozen"


class CapacityNotOpen(Refused):
    """The class has fewer cards than asked for until its next stage opens."""

    code = "compute.class.not_open"


class CardsTooMany(Refused):
    code = "compute.job.cards_too_many"


class WholeServersOnly(Refused):
    code = "compute.job.whole_servers_only"


class TimeLimitInvalid(Refused):
    """`reason`: beyond the grant's or the voucher's end, or not positive."""

    code = "compute.job.time_limit_invalid"


class CommandMissing(Malformed):
    code = "compute.job.command_missing"


class LineInvalid(Malformed):
    """A line of a file of jobs cannot be read: `line`, `reason`."""

    code = "compute.job.line_invalid"


class OrderInvalid(Malformed):
    """Something that no row and no engine can hold: `field` and `reason` say what and why."""

    code = "compute.job.order_invalid"


class VariableInvalid(Malformed):
    """A name that no environment can hold, or that would be read as more than a name."""

    code = "compute.job.variable_invalid"


class DatasetNotHere(Refused):
    code = "compute.job.dataset_not_here"


class DatasetUnknown(NotFound):
    """Not there, or not for this reader: which of the two is not told."""

    code = "compute.job.dataset_unknown"


class DatasetRepeated(Refused):
    """Two data sets that a job would know under one name."""

    code = "compute.job.dataset_repeated"


class DatasetTooLarge(Refused):
    code = "compute.job.dataset_too_large"


class TranchesInvalid(Malformed):
    """The parts are positive and add up to one."""

    code = "compute.grant.tranches_invalid"


class PeriodInvalid(Refused):
    code = "compute.grant.period_invalid"


class TranchesGiven(Refused):
    """Nothing is left of what was decided: no report is waited for."""

    code = "compute.grant.tranches_all_given"


class ReportMissing(Refused):
    """The next tranche waits for a progress report that was accepted."""

    code = "compute.grant.report_missing"


class NothingToGiveBack(Refused):
    code = "compute.grant.nothing_to_give_back"


class ObjectionLate(Refused):
    code = "compute.idle.objection_late"


class SampleInvalid(Malformed):
    """A measurement of utilisation that cannot be."""

    code = "compute.utilisation.invalid"


class ClassSizeInvalid(Refused):
    """A class's size must be what its terms say: `reason` names the rule."""

    code = "compute.class.size_invalid"


class StageRepeated(Malformed):
    """Two stages of a class on one day: which of them is meant, nobody can say."""

    code = "compute.class.stage_repeated"


class SiteInvalid(Malformed):
    """A term of a site that no engine can be reached by: `field` and `reason` say what."""

    code = "compute.site.invalid"


class PetaflopsInvalid(Malformed):
    code = "compute.grant.petaflops_invalid"


class OfferingNotCompute(Refused):
    code = "compute.class.offering_not_compute"


class OrganisationDiffers(Refused):
    code = "compute.grant.voucher_of_another"


class AboveAutoApproval(Refused):
    """Not under the published threshold: it needs a call and a committee."""

    code = "compute.grant.above_auto_approval"


class ShareExceeded(Refused):
    """One organisation holds at most a share of a class."""

    code = "compute.grant.share_exceeded"


class NotDisputed(Refused):
    """Only an attempt whose books do not agree is decided by a person."""

    code = "compute.attempt.not_disputed"


class NotInDoubt(Refused):
    """Nothing came that may be this job, or its answer is known: there is nothing to decide."""

    code = "compute.job.not_in_doubt"


class DecisionInvalid(Refused):
    """`reason` says why an end cannot be decided."""

    code = "compute.attempt.decision_invalid"


class OfferMissing(Refused):
    """A call whose awards are GPU grants must say how much it gives."""

    code = "compute.call.offer_missing"


class UserForbidden(Refused):
    """Jobs run as a mapped user, never as root or as the engine's own: `reason` says what to do
    about it."""

    code = "compute.engine.user_forbidden"


class UsersShared(Refused):
    """Two sites of one cluster would give the same user to grants of both: `users`, and which
    `other` site names them."""

    code = "compute.site.users_shared"


class EngineRefused(Refused):
    """The engine said no: `reason` is its own word."""

    code = "compute.engine.refused"


class SiteUnknown(NotFound):
    code = "compute.site.unknown"


class ClassUnknown(NotFound):
    code = "compute.class.unknown"


class SiteExists(Conflict):
    code = "compute.site.exists_with_different_terms"


class ClassExists(Conflict):
    code = "compute.class.exists_with_different_terms"


class GrantExists(Conflict):
    code = "compute.grant.exists_with_different_terms"


class JobExists(Conflict):
    """The key belongs to a job with other content: `field` says which differs first."""

    code = "compute.job.exists_with_different_content"


class EngineUnwell(Unwell):
    code = "compute.engine.unwell"


class EngineUnclear(EngineUnwell):
    """No answer came to a submission: it may or may not have been taken."""

    code = "compute.engine.unclear"
