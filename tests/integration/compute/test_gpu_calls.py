"""From a GPU call to a grant: selected, agreed and paid for like every other award."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.portal import world as worlds

from madang.compute.classes.actions import ClassFacts, StageFacts, declare_class
from madang.compute.errors import CardsTooMany, OfferMissing, WholeServersOnly
from madang.compute.grants.fulfilment import offer_gpu_time
from madang.compute.grants.models import GpuOffer, Grant
from madang.compute.grants.queries import standing_of
from madang.compute.sites.actions import SiteFacts, declare_site
from madang.compute.sites.models import EngineKind
from madang.parties.errors import TransitionNotAllowed
from madang.programme.agreements.models import Agreement
from madang.programme.awards.models import Award
from madang.programme.calls.actions import approve_call, create_call
from madang.programme.calls.content import CallContent
from madang.programme.copayments.actions import issue_voucher, record_deposit
from madang.programme.copayments.models import CoPaymentObligation

pytestmark = pytest.mark.django_db
OP, OP2, KIM = "op@agency.example", "op2@agency.example", "kim@hana.example"


@pytest.fixture
def world(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made = worlds.World(now=worlds.NOW, system=worlds.system_actor("cli"))
    worlds._people(made)
    worlds._market(made)
    worlds._programme(made)
    return made


def gpu_class(world):
    at, today = world.now - 60 * worlds.DAY, world.now.date()
    site = SiteFacts("gwangju", EngineKind.LOCAL, "광주", "Gwangju")
    place = declare_site(world.system, site, at=at).row
    stages = [StageFacts(16, today - timedelta(days=60))]
    return declare_class(
        world.system, place, None, ClassFacts("h100", "gpu", 8, stages=stages), at=at
    ).row


def draft(world, opens_at):
    content = CallContent(
        code="c-gpu", title_ko="GPU 공고", title_en="GPU call", opens_at=opens_at,
        closes_at=opens_at + 5 * worlds.DAY, budget_microwon=1_000_000_000 * worlds.WON,
        criteria=worlds.CRITERIA,
        rules={"panel": 3, "quorum": 2, "trim_high": 0, "trim_low": 0},
        terms={"fulfilment": "gpu"},
    )  # fmt: skip
    before = opens_at - worlds.DAY
    return create_call(world.actor(OP, before), world.year, content, at=before)


def awarded(world, call, opens_at):
    """Applied for, reviewed, ranked, signed and paid: everything but the delivery."""
    row = worlds.apply(world, call, "hana", KIM, at=opens_at + worlds.DAY)
    at = opens_at + 6 * worlds.DAY
    op, op2 = world.actor(OP, at), world.actor(OP2, at)
    worlds.check_eligibility(op, row.id, is_eligible=True, at=at)
    worlds.start_review(op, call.id, at=at)
    worlds.review(world, row, ["lee@univ.example", "jung@lab.example"], at=at)
    run = worlds.compute_ranking(op, call.id, at=at)
    for person in (op, op2):
        worlds.confirm_ranking(person, call.id, run.id, at=at)
    award = Award.objects.get(application=row)
    sha256 = Agreement.objects.get(award=award).terms_sha256
    for email in (OP, KIM):
        agreement = Agreement.objects.get(award=award)
        worlds.sign_agreement(world.actor(email, at), agreement.id, sha256=sha256, at=at)
    owed = CoPaymentObligation.objects.get(award=award).cash_microwon
    record_deposit(
        op, award.id, payer="hana", amount_microwon=owed, reference="bank-1", received_at=at,
        at=at,
    )  # fmt: skip
    return award, at


def test_an_award_of_a_gpu_call_brings_a_voucher_and_a_grant(world):
    opens_at = world.now - 50 * worlds.DAY
    call, kind = draft(world, opens_at), gpu_class(world)
    before = opens_at - worlds.DAY
    offer_gpu_time(
        world.actor(OP, before), call, kind, gpu_seconds=7201, cards_max=4,
        tranches=["1/2", "1/2"], at=before,
    )  # fmt: skip
    approve_call(world.actor(OP2, before), call.id, at=before)
    with pytest.raises(TransitionNotAllowed):
        offer_gpu_time(world.actor(OP, before), call, kind, gpu_seconds=1, cards_max=1,
                       tranches=["1/1"], at=before)  # fmt: skip
    call.refresh_from_db()
    award, at = awarded(world, call, opens_at)
    voucher = issue_voucher(world.actor(OP, at), award.id, at=at)
    grant = Grant.objects.get(award=award)
    assert (grant.voucher, grant.organisation.code) == (voucher, "hana")
    assert (grant.cards_max, grant.gpu_seconds) == (4, 7201)
    assert standing_of(grant).granted == 3600
    issue_voucher(world.actor(OP, at), award.id, at=at)
    assert Grant.objects.count() == 1


def test_a_gpu_call_that_offers_nothing_is_not_approved(world):
    """Its applicants would learn it when they are awarded, and no offer can be made then."""
    opens_at = world.now - 50 * worlds.DAY
    call, kind, before = draft(world, opens_at), gpu_class(world), opens_at - worlds.DAY
    with pytest.raises(OfferMissing):
        approve_call(world.actor(OP2, opens_at), call.id, at=before)
    offer_gpu_time(world.actor(OP, before), call, kind, gpu_seconds=1, cards_max=1,
                   tranches=["1/1"], at=before)  # fmt: skip
    assert approve_call(world.actor(OP2, opens_at), call.id, at=before).state == "approved"


def test_a_gpu_call_offers_what_its_class_can_give(world):
    opens_at = world.now - 50 * worlds.DAY
    call, kind, before = draft(world, opens_at), gpu_class(world), opens_at - worlds.DAY
    terms = {"gpu_seconds": 7201, "tranches": ["1/1"], "at": before}
    with pytest.raises(CardsTooMany):
        offer_gpu_time(world.actor(OP, before), call, kind, cards_max=9, **terms)
    kind.whole_servers = True
    with pytest.raises(WholeServersOnly):
        offer_gpu_time(world.actor(OP, before), call, kind, cards_max=4, **terms)


def test_a_declared_gpu_call_that_offers_nothing_delivers_nothing(world):
    opens_at = world.now - 50 * worlds.DAY
    call, kind, before = draft(world, opens_at), gpu_class(world), opens_at - worlds.DAY
    offer_gpu_time(world.actor(OP, before), call, kind, gpu_seconds=1, cards_max=1,
                   tranches=["1/1"], at=before)  # fmt: skip
    approve_call(world.actor(OP2, opens_at), call.id, at=before)
    GpuOffer.objects.all().delete()
    call.refresh_from_db()
    award, at = awarded(world, call, opens_at)
    with pytest.raises(OfferMissing):
        issue_voucher(world.actor(OP, at), award.id, at=at)
