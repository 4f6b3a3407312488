"""A voucher divided: teams with their limits, and the keys that are their members'."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.metering.keys.models import Key
from madang.metering.keys.queries import key_for, keys_of
from madang.metering.models import Voucher
from madang.metering.teams.actions import give_key_to_team, set_team
from madang.metering.teams.models import Team
from madang.metering.teams.queries import spent_microwon, team_of, teams_of
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.parties.people.queries import names_of
from madang.portal.acting import Offer, act, taken
from madang.portal.desks import desk_page
from madang.portal.forms import WonField
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.request import SignedInRequest, signed_in, takes

READERS = (Role.BENEFICIARY, Role.OPERATOR, Role.AUDITOR)
WRITERS = (Role.BENEFICIARY, Role.OPERATOR)


class TeamForm(forms.Form):
    code = forms.SlugField(
        label=gettext_lazy("Short name"), max_length=64,
        help_text=gettext_lazy("Letters, digits and hyphens. A name again changes that team."),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    limit_microwon = WonField(
        label=gettext_lazy("Limit in won"),
        help_text=gettext_lazy("Supply value without VAT."),
    )


class MemberForm(forms.Form):
    """Which team a key is of."""

    team = forms.ChoiceField(label=gettext_lazy("Team"))

    def __init__(self, teams: list[Team], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        named = [(row.code, row.name) for row in teams]
        self.fields["team"].choices = named  # type: ignore[attr-defined]  # a ChoiceField


@takes("GET")
@signed_in(*READERS)
def teams(request: SignedInRequest, code: str) -> HttpResponse:
    return _page(request, voucher_for(request.actor, code), TeamForm())


@takes("POST")
@signed_in(*WRITERS)
def put(request: SignedInRequest, code: str) -> HttpResponse:
    """A new team, or another limit: a lower one than what is spent stops it at once."""
    row, form = voucher_for(request.actor, code), taken(TeamForm(request.POST))
    set_team(request.actor, row, **form.cleaned_data, at=request.at)
    messages.success(request, _("The team is set."))
    return redirect("teams", code)


@takes("POST")
@signed_in(*WRITERS)
def give(request: SignedInRequest, no: int) -> HttpResponse:
    key = key_for(request.actor, no)
    form = MemberForm(list(teams_of(key.voucher)), request.POST)

    def do(team: str) -> Key:
        found = team_of(key.voucher, team)
        return give_key_to_team(request.actor, key, found, at=request.at)

    act(request, form, do, _("The key spends of the team's limit from now on."))
    return redirect("teams", key.voucher.code)


def _page(
    request: SignedInRequest, row: Voucher, form: TeamForm, *, status: int = 200
) -> HttpResponse:
    found = list(teams_of(row))
    keys = list(keys_of(request.actor).filter(voucher=row, revoked_at=None).order_by("no"))
    owners = names_of({key.created_by for key in keys})
    facts = {
        "voucher": row,
        "rows": [_team_facts(team, keys, owners) for team in found],
        "keys": [(key, owners.get(key.created_by, ""), _give(key, found)) for key in keys],
        "form": form if request.actor.has(*WRITERS) else None,
    }
    return desk_page(
        request, desk_of(request.actor), "beneficiary/teams.html", facts, status=status
    )


def _team_facts(
    team: Team, keys: list[Key], owners: dict[str, str]
) -> tuple[Team, int, int, list[str]]:
    """The team, what it has spent, what is left, and who its members are by their keys."""
    spent = spent_microwon(team)
    mine = [owners.get(key.created_by, key.prefix) for key in keys if key.team_id == team.id]
    return team, spent, max(team.limit_microwon - spent, 0), sorted(set(mine))


def _give(key: Key, found: list[Team]) -> Offer:
    form = MemberForm(
        found, auto_id=f"key-{key.no}-%s", initial={"team": key.team.code if key.team else ""}
    )
    return Offer(
        _("Give to a team"), reverse("give_key_to_team", args=[key.no]), form, str(key)
    )
