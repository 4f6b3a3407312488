"""Read a form, act, tell: the one way through every small form, and how a page offers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import QueryDict
from django.utils.functional import Promise

from madang.core.errors import NotFound
from madang.portal.errors import Fault, FormInvalid
from madang.portal.forms import MaybeReasonForm, ReasonForm
from madang.portal.request import SignedInRequest

Text = str | Promise
FormT = TypeVar("FormT", bound=forms.Form)


def act(
    request: SignedInRequest, form: forms.Form, do: Callable[..., object], told: Text
) -> None:
    """Call `do` with what the form read, by the names of its fields, and say that it is done.

    What cannot be read and what `do` refuses stands on the page that the form came from,
    beside its field and with everything that was typed (`portal.again`).
    """
    do(**read(form))
    messages.success(request, str(told))


def act_with_reason(
    request: SignedInRequest, do: Callable[..., object], told: Text, *subject: object
) -> None:
    """A step that only needs a reason: `do(actor, *subject, reason=…, at=…)`."""
    step = partial(do, request.actor, *subject, at=request.at)
    act(request, ReasonForm(request.POST), step, told)


def taken(form: FormT) -> FormT:
    """The form, read. Raises FormInvalid, which names each field and what is wrong."""
    if form.is_valid():
        return form
    raise FormInvalid.of([_fault(form, name, texts) for name, texts in form.errors.items()])


def _fault(form: forms.Form, name: str, texts: Iterable[object]) -> Fault:
    told = [str(text) for text in texts]
    if name not in form.fields:
        return Fault("", "", told)
    return Fault(form.add_prefix(name), str(form.fields[name].label), told)


def read(form: forms.Form) -> dict[str, object]:
    """What the form read, by the names of its fields. Raises FormInvalid as `taken` does."""
    return taken(form).cleaned_data


def reason_in(post: QueryDict) -> str:
    """Why, where a step may say so. Raises FormInvalid for what is too long."""
    return str(taken(MaybeReasonForm(post)).cleaned_data["reason"])


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
