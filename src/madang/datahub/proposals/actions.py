"""What a build call is for, and what an organisation proposes to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound, Words
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.errors import ProposalFrozen, ProposalInvalid, ProposalMissing
from madang.datahub.plan.models import BuildGoal
from madang.datahub.proposals.models import BuildOffer, Proposal
from madang.datahub.quality.targets import targets_from
from madang.datahub.sets.actions import NAME
from madang.datahub.sets.models import DataSet
from madang.datahub.terms.steps import steps_data, steps_from
from madang.parties.actor import Actor, Role
from madang.parties.canonical import Json, digest_of
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.programme.applications.actions import EDITABLE, locked_application
from madang.programme.applications.models import Application
from madang.programme.calls.models import Call

KIND = "dataset"
NOT_OF_KIND = Words(f"the call is not of kind {KIND}", f"종류가 {KIND}인 공고가 아닙니다")
NO_DEMAND = Words(
    "no demand of this survey that stands", "이 수요조사에서 받을 수 있는 수요가 아닙니다"
)
NOT_PLAIN = Words(
    "empty, too long or not plain", "비어 있거나, 너무 길거나, 쓸 수 없는 글자가 있습니다"
)
NAME_TAKEN = Words(
    "there is a data set of that name already", "같은 이름의 데이터셋이 이미 있습니다"
)


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """What would be built: `name` becomes the data set's, below the organisation's code."""

    demand: UUID
    name: str
    title_ko: str
    title_en: str
    licence: str
    targets: str
    steps: Json


@transaction.atomic
def offer_build(
    actor: Actor, call: Call, goal: BuildGoal, survey: DemandSurvey, *, at: datetime
) -> BuildOffer:
    """What proposals to a call are for. While it is a draft: applicants rely on it."""
    actor.need(Role.OPERATOR)
    row = Call.objects.select_for_update().get(pk=call.pk)
    if row.state != "draft" or survey.state != "published":
        raise TransitionNotAllowed(noun="call", transition="offer", state=row.state)
    if row.terms.get("fulfilment") != KIND:
        raise ProposalInvalid(field="fulfilment", reason=NOT_OF_KIND)
    made, _ = BuildOffer.objects.update_or_create(
        call=row,
        defaults={"goal": goal, "survey": survey, "set_by": actor.id, "set_at": at},
    )
    record_event(
        actor, "build_offer.set", subject_type="call", subject_id=row.id, at=at,
        facts={"goal": goal.code, "survey": survey.code},
    )  # fmt: skip
    return made


@transaction.atomic
def save_proposal(
    actor: Actor, application_id: UUID, facts: ProposalFacts, *, at: datetime
) -> Proposal:
    """Write down what is proposed, while the application's text is open.

    Its amounts are checked against the application when that is handed in.
    Raises ProposalFrozen, ProposalInvalid.
    """
    application = locked_application(application_id)
    actor.need_at(Role.BENEFICIARY, application.organisation_id)
    if application.state not in EDITABLE:
        raise ProposalFrozen(state=application.state)
    demand = _demand(application, facts)
    _check_name(application, facts)
    total = application.requested_microwon
    steps = steps_from(facts.steps, targets_from(facts.targets), total_microwon=total)
    row, _ = Proposal.objects.update_or_create(
        application=application,
        defaults={
            "demand": demand,
            "name": facts.name,
            "title_ko": facts.title_ko.strip(),
            "title_en": facts.title_en.strip(),
            "licence": facts.licence.strip(),
            "targets": facts.targets,
            "steps": steps_data(steps),
            "saved_by": actor.id,
            "saved_at": at,
        },
    )
    return row


def need_ready(application: Application) -> Proposal:
    """What is handed in is whole, and stands from now on under one digest.

    The caller holds the application's lock. Raises ProposalInvalid, ProposalMissing.
    """
    row = Proposal.objects.select_for_update().filter(application=application).first()
    if row is None:
        raise ProposalMissing
    total = application.requested_microwon
    steps = steps_from(row.steps, targets_from(row.targets), total_microwon=total)
    names = ("name", "title_ko", "title_en", "licence", "targets")
    content: dict[str, Json] = {name: getattr(row, name) for name in names}
    row.sha256 = digest_of(
        {**content, "demand": str(row.demand_id), "steps": steps_data(steps)}
    )
    row.save(update_fields=["sha256"])
    return row


def _demand(application: Application, facts: ProposalFacts) -> DemandItem:
    """The first of a cluster, of the offer's survey and field."""
    offer = BuildOffer.objects.filter(call=application.call_id).select_related("goal").first()
    if offer is None:
        raise NotFound
    row = DemandItem.objects.filter(pk=facts.demand, survey=offer.survey_id).first()
    if row is None or row.state in ("merged", "declined"):
        raise ProposalInvalid(field="demand", reason=NO_DEMAND)
    if offer.goal.field not in ("", row.field):
        raise ProposalInvalid(field="demand", reason=_other_field(offer.goal.field))
    return row


def _other_field(field: str) -> Words:
    return Words(f"the call is for {field}", f"이 공고의 분야는 {field}입니다")


def _check_name(application: Application, facts: ProposalFacts) -> None:
    code = f"{application.organisation.code}/{facts.name}"
    wrong = {
        "name": not NAME.match(facts.name) or ".." in facts.name,
        "title_ko": not 0 < len(facts.title_ko.strip()) <= 200,
        "title_en": not 0 < len(facts.title_en.strip()) <= 200,
        "licence": not 0 < len(facts.licence.strip()) <= 64,
    }
    for name, is_so in wrong.items():
        if is_so:
            raise ProposalInvalid(field=name, reason=NOT_PLAIN)
    if DataSet.objects.filter(code__iexact=code).exists():
        raise ProposalInvalid(field="name", reason=NAME_TAKEN)
