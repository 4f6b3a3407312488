"""Read a form, act, tell: the one way through every small form, and how a page offers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from madang.core.errors import NotFound
from madang.portal.errors import FormInvalid
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest

Text = str | Promise


def act(
    request: SignedInRequest,
    form: forms.Form,
    do: Callable[..., object],
    told: Text,
    *,
    missing: Text = "",
) -> bool:
    """Call `do` with what the form read, by the names of its fields, and say that it is done.

    Where something is missing it says what, and does nothing. What `do` refuses goes on to
    the page of refusals.
    """
    if not form.is_valid():
        messages.error(request, str(missing or _("Please fill in what the step needs.")))
        return False
    do(**form.cleaned_data)
    messages.success(request, str(told))
    return True


def act_with_reason(
    request: SignedInRequest, do: Callable[..., object], told: Text, *subject: object
) -> bool:
    """A step that only needs a reason: `do(actor, *subject, reason=…, at=…)`."""
    step = partial(do, request.actor, *subject, at=request.at)
    return act(request, ReasonForm(request.POST), step, told, missing=_("Please say why."))


def read(form: forms.Form) -> dict[str, object]:
    """What the form read. Raises FormInvalid, which names each field and what is wrong."""
    if form.is_valid():
        return form.cleaned_data
    found = [
        f"{form.fields[name].label}: {text}" if name in form.fields else str(text)
        for name, texts in form.errors.items()
        for text in texts
    ]
    raise FormInvalid(reason=" ".join(found).removesuffix("."))


def sent_id(text: str) -> UUID:
    """An id that a form of ours sent; NotFound is for what no page of ours sends."""
    try:
        return UUID(text)
    except ValueError as err:
        raise NotFound from err


@dataclass(frozen=True, slots=True)
class Offer:
    """One step as a page offers it: its button, where it goes, what it asks for."""

    label: Text
    href: str
    form: forms.Form | None = None
    about: str = ""
    is_grave: bool = False

    @property
    def is_plain(self) -> bool:
        """Nothing to fill in: a button is enough."""
        return self.form is None or not self.form.fields

    @property
    def is_multipart(self) -> bool:
        return self.form is not None and self.form.is_multipart()


def with_reason(label: Text, href: str, key: object, *, is_grave: bool = False) -> Offer:
    """A step that must say why; `key` keeps the ids of many such forms apart."""
    form = ReasonForm(auto_id=f"why-{key}-%s")
    return Offer(label, href, form, str(key), is_grave)
