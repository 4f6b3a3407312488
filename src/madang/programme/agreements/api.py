"""REST routes of amendments, and of how an agreement ends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.metering.vouchers.api import Amount, Reason
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.canonical import Json
from madang.parties.instants import Day
from madang.programme.agreements import amending, ending
from madang.programme.agreements.models import Amendment, PartyRole
from madang.programme.agreements.queries import agreement_for, amendments_for
from madang.programme.awards.api import AgreementOut, PartyOut, SignIn, agreement_out

router = Router(tags=["agreements"])
AGREEMENT = "/agreements/{agreement_id}"
AMENDMENT = "/amendments/{amendment_id}"


class ChangeIn(Reason):
    """Only what is named changes."""

    use_ends_on: Day | None = None
    supplier: Annotated[str, Field(max_length=64)] | None = None
    offerings: list[Annotated[str, Field(min_length=1, max_length=128)]] | None = None
    subsidy_microwon: Amount | None = None

    def changes(self) -> dict[str, Json]:
        given: dict[str, Json] = {
            "use_ends_on": self.use_ends_on.isoformat() if self.use_ends_on else None,
            "supplier": self.supplier,
            "offerings": self.offerings,
            "subsidy_microwon": self.subsidy_microwon,
        }
        return {name: value for name, value in given.items() if value is not None}


class AmendmentOut(Schema):
    id: UUID
    agreement: UUID
    number: int
    state: str
    changes: dict[str, object]
    terms: dict[str, object]
    terms_sha256: str
    sign_due_at: datetime
    signed_at: datetime | None
    parties: list[PartyOut]


def amendment_out(row: Amendment) -> AmendmentOut:
    return AmendmentOut(
        id=row.id,
        agreement=row.agreement_id,
        number=row.number,
        state=row.state,
        changes=row.changes,
        terms=row.terms,
        terms_sha256=row.terms_sha256,
        sign_due_at=row.sign_due_at,
        signed_at=row.signed_at,
        parties=[PartyOut.from_orm(place) for place in row.parties.order_by("id")],
    )


def _seen(request: ApiRequest, amendment_id: UUID) -> Amendment:
    row = amendments_for(request.actor).filter(id=amendment_id).first()
    if row is None:
        raise NotFound
    return row


@router.get("/amendments", response=list[AmendmentOut], operation_id="list_amendments")
def list_amendments(request: ApiRequest) -> list[AmendmentOut]:
    return [amendment_out(row) for row in amendments_for(request.actor)[:ROWS_MAX]]


@router.post(AGREEMENT + "/amendments", response=AmendmentOut, operation_id="propose_amendment")
def propose(request: ApiRequest, agreement_id: UUID, body: ChangeIn) -> AmendmentOut:
    """The whole text anew, to be signed by every party."""
    row = agreement_for(request.actor, agreement_id)
    done = amending.propose_amendment(
        request.actor, row.id, changes=body.changes(), reason=body.reason, at=request.at
    )
    return amendment_out(done)


@router.post(AMENDMENT + "/sign", response=AmendmentOut, operation_id="sign_amendment")
def sign(request: ApiRequest, amendment_id: UUID, body: SignIn) -> AmendmentOut:
    """One person for one party; the last signature puts it into force."""
    row = _seen(request, amendment_id)
    role: PartyRole | None = body.role
    amending.sign_amendment(request.actor, row.id, sha256=body.sha256, role=role, at=request.at)
    return amendment_out(Amendment.objects.get(pk=row.pk))


@router.post(AMENDMENT + "/withdraw", response=AmendmentOut, operation_id="withdraw_amendment")
def withdraw(request: ApiRequest, amendment_id: UUID, body: Reason) -> AmendmentOut:
    row = _seen(request, amendment_id)
    done = amending.withdraw_amendment(request.actor, row.id, reason=body.reason, at=request.at)
    return amendment_out(done)


@router.post(
    AGREEMENT + "/terminate", response=AgreementOut, operation_id="terminate_agreement"
)
def terminate(request: ApiRequest, agreement_id: UUID, body: Reason) -> AgreementOut:
    """Use ends now; unreleased parts return to the call."""
    row = agreement_for(request.actor, agreement_id)
    ending.terminate_agreement(request.actor, row.id, reason=body.reason, at=request.at)
    return agreement_out(agreement_for(request.actor, agreement_id))
