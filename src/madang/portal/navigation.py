"""Menus as tables: what stands in the header, and at the side of each desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.parties.actor import Actor, Role
from madang.parties.notices.models import Notice
from madang.parties.people.models import Person

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of a menu."""

    label: Label
    route: str
    roles: frozenset[Role] = frozenset()  # empty: everybody
    group: Label = ""

    def is_open_to(self, actor: Actor) -> bool:
        return not self.roles or actor.has(*self.roles)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the template draws it."""

    label: Label
    href: str
    active: bool
    group: Label = ""


def under(group: Label, *places: Place) -> tuple[Place, ...]:
    """Places of a long menu that belong together, under a name."""
    return tuple(replace(place, group=group) for place in places)


def only(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


PUBLIC = (
    Place(_("Calls"), "calls"),
    Place(_("Catalogue"), "catalogue"),
    Place(_("Awards"), "awards"),
    Place(_("Plans"), "plans"),
    Place(_("GPU sites"), "gpu_sites"),
    Place(_("Training data"), "data_roadmap"),
    Place(_("Verified chips"), "testbed_board"),
)
DESKS = (
    Place(_("My desk"), "desk", only(*Role)),
    Place(_("Applications and vouchers"), "applications", only(Role.BENEFICIARY)),
    Place(_("Data building"), "builder", only(Role.BUILDER)),
    Place(_("Reviews"), "reviewer", only(Role.REVIEWER)),
    Place(_("Sales and settlement"), "supplier", only(Role.SUPPLIER)),
    Place(_("Chip tests"), "testbed_submissions", only(Role.MAKER)),
    Place(_("Operation"), "operator_calls", only(Role.OPERATOR)),
    Place(_("Audit"), "auditor", only(Role.AUDITOR)),
)
GPU_AND_DATA = (
    Place(_("GPU grants"), "gpu_grants"),
    Place(_("GPU requests"), "gpu_requests"),
    Place(_("GPU support"), "gpu_oversight"),
    Place(_("Training data"), "data_planning"),
    Place(_("Data deliveries"), "data_reviews"),
    Place(_("Chip tests"), "testbed_submissions"),
)
SIDES: dict[str, tuple[Place, ...]] = {
    "beneficiary": (
        Place(_("Applications"), "applications"),
        Place(_("Agreements"), "agreements"),
        Place(_("Vouchers"), "vouchers"),
        Place(_("Requests to the agency"), "petitions"),
        Place(_("Tax invoices"), "invoices"),
        Place(_("Clawback cases"), "cases"),
        Place(_("Sanctions"), "sanctions"),
        Place(_("GPU grants"), "gpu_grants"),
        Place(_("Ask for GPU time"), "gpu_requests"),
        Place(_("Matches"), "matches"),
        Place(_("Appeals"), "appeals"),
    ),
    "builder": (Place(_("Build projects"), "builder"),),
    "reviewer": (
        Place(_("Reviews"), "reviewer"),
        Place(_("Data deliveries"), "data_reviews"),
        Place(_("Appeals"), "appeals"),
    ),
    "supplier": (
        Place(_("Earned, not yet stated"), "supplier"),
        Place(_("Statements"), "supplier_statements"),
        Place(_("Tax invoices"), "invoices"),
        Place(_("Products"), "supplier_offerings"),
        Place(_("Requests to the agency"), "petitions"),
        Place(_("Clawback cases"), "cases"),
        Place(_("Sanctions"), "sanctions"),
        Place(_("Account and standing"), "standing"),
        Place(_("Matches"), "matches"),
        Place(_("Agreements"), "agreements"),
    ),
    "operator": (
        Place(_("Exceptions"), "exceptions"),
        *under(
            _("Selection"),
            Place(_("Calls"), "operator_calls"),
            Place(_("Forms"), "forms"),
            Place(_("Experts"), "reviewers"),
            Place(_("Relationships"), "relationships"),
            Place(_("Appeals"), "appeals"),
            Place(_("What looks odd"), "flags"),
            Place(_("Calendar"), "calendar"),
        ),
        *under(
            _("Execution"),
            Place(_("Awards and vouchers"), "operator_awards"),
            Place(_("Agreements"), "agreements"),
            Place(_("Vouchers"), "vouchers"),
            Place(_("Matches"), "matches"),
            Place(_("Requests to the agency"), "petitions"),
        ),
        *under(
            _("Money"),
            Place(_("Settlement"), "settlement"),
            Place(_("Payouts"), "payouts"),
            Place(_("Payouts on hold"), "payout_holds"),
            Place(_("Suppliers"), "suppliers"),
            Place(_("Tax invoices"), "invoices"),
            Place(_("Disputes"), "open_ends"),
            Place(_("Corrections"), "corrections"),
            Place(_("Clawback cases"), "cases"),
            Place(_("Sanctions"), "sanctions"),
            Place(_("Years"), "years"),
            Place(_("Books"), "auditor"),
        ),
        *under(_("GPU and data"), *GPU_AND_DATA, Place(_("Build projects"), "builder")),
    ),
    "auditor": (
        *under(
            _("Books"),
            Place(_("Trial balance"), "auditor"),
            Place(_("Journals"), "journals"),
            Place(_("Seal and proof"), "proof"),
            Place(_("Record of events"), "events"),
        ),
        *under(
            _("Registers"),
            Place(_("Exceptions"), "exceptions"),
            Place(_("Calls"), "operator_calls"),
            Place(_("Awards and vouchers"), "operator_awards"),
            Place(_("Vouchers"), "vouchers"),
            Place(_("Matches"), "matches"),
            Place(_("Requests to the agency"), "petitions"),
            Place(_("Payouts on hold"), "payout_holds"),
            Place(_("Suppliers"), "suppliers"),
            Place(_("Tax invoices"), "invoices"),
            Place(_("Disputes"), "open_ends"),
            Place(_("Corrections"), "corrections"),
            Place(_("Clawback cases"), "cases"),
            Place(_("Sanctions"), "sanctions"),
            Place(_("Appeals"), "appeals"),
            Place(_("Years"), "years"),
            Place(_("What looks odd"), "flags"),
        ),
        *under(_("GPU and data"), *GPU_AND_DATA),
    ),
    "maker": (
        Place(_("Chip tests"), "testbed_submissions"),
        Place(_("Verified chips"), "testbed_board"),
        Place(_("Trial runs"), "testbed_trials"),
    ),
    "account": (Place(_("Profile and tokens"), "account"), Place(_("Notices"), "notices")),
}


def main_menu(path: str, actor: Actor) -> list[Link]:
    return links((*PUBLIC, *DESKS), path, actor)


def own_desks(path: str, actor: Actor) -> list[Link]:
    """The desks of the roles that the actor holds."""
    return links(DESKS[1:], path, actor)


def side_menu(desk: str, path: str, actor: Actor) -> list[Link]:
    return links(SIDES[desk], path, actor)


def links(places: Sequence[Place], path: str, actor: Actor) -> list[Link]:
    """The places open to this actor; the nearest address above the path is active."""
    drawn = [(place, reverse(place.route)) for place in places if place.is_open_to(actor)]
    within = [href for _, href in drawn if path.startswith(href)]
    nearest = max(within, key=len, default="")
    return [Link(place.label, href, href == nearest, place.group) for place, href in drawn]


def unread_notices(request: HttpRequest) -> int:
    """How many notices the person has not opened."""
    person: Person | None = getattr(request, "person", None)
    if person is None:
        return 0
    return Notice.objects.filter(recipient=person, read_at=None).count()
