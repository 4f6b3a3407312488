"""REST routes of the goals agreed in writing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.datahub.plan.api import StepIn
from madang.datahub.plan.queries import project_for
from madang.datahub.terms import actions
from madang.datahub.terms.models import BuildTerms
from madang.parties.api import ApiRequest

router = Router(tags=["datahub"])
STEPS = {"offer": actions.offer_terms, "sign": actions.sign_terms}


class TermsIn(Schema):
    targets: Annotated[str, Field(min_length=1, max_length=100_000)]
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=12)]
    reason: Annotated[str, Field(max_length=1000)] = ""


class TermsOut(Schema):
    id: UUID
    number: int
    state: str
    sha256: str
    targets: str
    steps: list[StepIn]
    reason: str
    agency_at: datetime | None
    builder_at: datetime | None


class SignIn(Schema):
    step: Annotated[str, Field(pattern="^(offer|sign)$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class WithdrawIn(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


@router.get(
    "/datahub/projects/{code}/terms", response=list[TermsOut], operation_id="list_build_terms"
)
def list_terms(request: ApiRequest, code: str) -> list[BuildTerms]:
    return list(project_for(request.actor, code=code).terms.order_by("-number"))


@router.post(
    "/datahub/projects/{code}/terms", response=TermsOut, operation_id="propose_build_terms"
)
def propose(request: ApiRequest, code: str, body: TermsIn) -> BuildTerms:
    """An amendment, by either side, with its reason."""
    project = project_for(request.actor, code=code)
    steps = [one.model_dump(mode="json") for one in body.steps]
    return actions.propose_terms(
        request.actor, project, targets=body.targets, steps=steps, reason=body.reason,
        at=request.at,
    )  # fmt: skip


@router.post(
    "/datahub/terms/{build_terms_id}/sign", response=TermsOut, operation_id="sign_build_terms"
)
def sign(request: ApiRequest, build_terms_id: UUID, body: SignIn) -> BuildTerms:
    """`offer` is the agency's signature, `sign` the builder's; the digest is what was read."""
    _readable(request, build_terms_id)
    return STEPS[body.step](request.actor, build_terms_id, sha256=body.sha256, at=request.at)


@router.post(
    "/datahub/terms/{build_terms_id}/withdraw", response=TermsOut,
    operation_id="withdraw_build_terms",
)  # fmt: skip
def withdraw(request: ApiRequest, build_terms_id: UUID, body: WithdrawIn) -> BuildTerms:
    _readable(request, build_terms_id)
    return actions.withdraw_terms(
        request.actor, build_terms_id, reason=body.reason, at=request.at
    )


def _readable(request: ApiRequest, identifier: UUID) -> None:
    row = BuildTerms.objects.filter(pk=identifier).first()
    if row is None:
        raise NotFound
    project_for(request.actor, identifier=row.project_id)
