"""A supplier's products and prices."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.clock import SEOUL
from madang.core.money import price_from_won_each, price_from_won_per_million
from madang.core.units import Meter, Unit
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
    suspend_offering,
)
from madang.metering.offerings.models import AbortPolicy
from madang.metering.offerings.queries import offering_for, offerings_of, price_versions
from madang.parties.actor import Role
from madang.parties.models import Supplier
from madang.parties.policies.queries import current_policy
from madang.parties.suppliers.queries import suppliers
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField
from madang.portal.labels import METER_NAMES, SIZE_NAMES, UNIT_NAMES, USE_NAMES
from madang.portal.pages.public.catalogue import price_chart
from madang.portal.request import SignedInRequest, signed_in, takes

TOKENS_MAX = 2**31 - 1


class OfferingForm(forms.Form):
    code = forms.RegexField(
        label=gettext_lazy("Product code"),
        regex=r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9._-]+)+$",
        max_length=128,
        help_text=gettext_lazy("The model name that clients send, such as nuri/model-7b."),
    )
    meter = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            (Meter.MODEL, METER_NAMES["model"]),
            (Meter.DELIVERY, METER_NAMES["delivery"]),
        ],
    )
    size_class = forms.ChoiceField(
        label=gettext_lazy("Model size"),
        choices=[("", "–"), *SIZE_NAMES.items()],
        required=False,
    )
    uses = forms.MultipleChoiceField(
        label=gettext_lazy("Uses"), choices=list(USE_NAMES.items()), required=False
    )
    upstream = forms.URLField(
        label=gettext_lazy("Address of your API"),
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("https and a public address. Needed for a model."),
    )
    upstream_model = forms.CharField(
        label=gettext_lazy("Model name at your API"), max_length=200, required=False
    )
    context_tokens_max = forms.IntegerField(
        label=gettext_lazy("Context, in tokens"), min_value=0, max_value=TOKENS_MAX, initial=0
    )


class PriceForm(forms.Form):
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"), choices=[(u.value, name) for u, name in UNIT_NAMES.items()]
    )
    won = forms.RegexField(
        label=gettext_lazy("Price in won"),
        regex=r"^\d{1,18}(\.\d{1,6})?$",
        help_text=gettext_lazy(
            "Per million tokens or bytes; for requests, images and seconds: each. At most six "
            "decimals."
        ),
    )
    valid_from = MomentField(label=gettext_lazy("Valid from"))

    def price(self) -> Price:
        """The entered price as an exact integer."""
        unit, won = Unit(self.cleaned_data["unit"]), self.cleaned_data["won"]
        read = price_from_won_each if unit.may_be_priced_each else price_from_won_per_million
        return Price(unit, read(won), self.cleaned_data["valid_from"])


@takes("GET")
@signed_in(Role.SUPPLIER)
def offerings(request: SignedInRequest) -> HttpResponse:
    facts = {"rows": offerings_of(request.actor), "form": OfferingForm()}
    return desk_page(request, "supplier", "supplier/offerings.html", facts)


@takes("POST")
@signed_in(Role.SUPPLIER)
def declare(request: SignedInRequest) -> HttpResponse:
    """A new product waits until an operator lists it."""
    form = taken(OfferingForm(request.POST))
    made = declare_offering(
        request.actor, own_supplier(request), _facts(form), through=Door.PAGES, at=request.at
    )
    messages.success(request, _("The product is entered; an operator puts it on sale."))
    return redirect("supplier_offering", made.row.code)


@takes("GET")
@signed_in(Role.SUPPLIER)
def offering(request: SignedInRequest, code: str) -> HttpResponse:
    row = offering_for(request.actor, code)
    versions = list(price_versions(row))
    facts = {
        "offering": row,
        "versions": versions,
        "chart": price_chart(versions, until=request.at),
        "form": PriceForm(initial={"valid_from": _earliest(request)}),
    }
    return desk_page(request, "supplier", "supplier/offering.html", facts)


@takes("POST")
@signed_in(Role.SUPPLIER)
def price(request: SignedInRequest, code: str) -> HttpResponse:
    row = offering_for(request.actor, code)
    form = taken(PriceForm(request.POST))
    add_price(request.actor, row, form.price(), at=request.at)
    messages.success(request, _("The price is entered. It cannot be changed, only followed."))
    return redirect("supplier_offering", code)


@takes("POST")
@signed_in(Role.SUPPLIER)
def suspend(request: SignedInRequest, code: str) -> HttpResponse:
    row = offering_for(request.actor, code)
    suspend_offering(request.actor, row, at=request.at, reason="supplier's page")
    messages.success(request, _("The product is not on sale any more."))
    return redirect("supplier_offering", code)


def own_supplier(request: SignedInRequest) -> Supplier:
    return suppliers().get(id=min(request.actor.suppliers))


def _earliest(request: SignedInRequest) -> datetime:
    """The first full hour after the notice that policy asks for."""
    days = current_policy("price", request.at).number("notice_days")
    earliest = (request.at + timedelta(days=days)).astimezone(SEOUL)
    return earliest.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _facts(form: OfferingForm) -> OfferingFacts:
    entered = form.cleaned_data
    return OfferingFacts(
        code=entered["code"],
        meter=Meter(entered["meter"]),
        upstream=entered["upstream"],
        upstream_model=entered["upstream_model"],
        context_tokens_max=entered["context_tokens_max"],
        abort_policy=AbortPolicy.DRAIN,
        size_class=entered["size_class"],
        uses=tuple(entered["uses"]),
    )
