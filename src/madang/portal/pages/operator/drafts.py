"""Writing a call's draft anew, until somebody else approves it."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from madang.core.money import MICRO_PER_WON
from madang.parties.actor import Role
from madang.parties.errors import TransitionNotAllowed
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.pages.operator.call_form import (
    FULFILMENTS,
    TERMS,
    CallForm,
    typed_rules,
    typed_terms,
)
from madang.portal.pages.operator.rule_lines import (
    bonus_line,
    criterion_line,
    rule_line,
    with_texts,
)
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.calls.actions import change_call
from madang.programme.calls.content import CallContent, content_of
from madang.programme.calls.models import CallState
from madang.programme.calls.queries import call_by_code


class DraftForm(CallForm):
    """A call's form over what stands; its code, year and cut-offs are given."""

    def __init__(self, held: CallContent, *args: object, language: str) -> None:
        super().__init__(*args, language=language, initial=_as_typed(held))
        self._held = held
        for name in ("code", "programme", "cut_offs"):
            del self.fields[name]
        if held.terms.get("fulfilment", "voucher") not in dict(FULFILMENTS):
            del self.fields["fulfilment"]

    def content(self) -> CallContent:
        """What was typed, over what stands; what no field shows is kept."""
        typed, held = self.typed(self._held.code), self._held
        shown = {name for name in TERMS if name in self.fields}
        kept = {name: value for name, value in held.terms.items() if name not in shown}
        same_trim = self.cleaned_data["trim"] == held.rules["trim_high"]
        trims = {name: held.rules[name] for name in ("trim_high", "trim_low")}
        return replace(
            typed,
            rules={**held.rules, **typed.rules, **(trims if same_trim else {})},
            form=None if typed.form_code else held.form,
            eligibility=with_texts(typed.eligibility, held.eligibility),
            bonuses=with_texts(typed.bonuses, held.bonuses),
            terms={**kept, **typed.terms},
        )


def _as_typed(held: CallContent) -> dict[str, object]:
    """What stands, as an operator would have typed it."""
    names = ("title_ko", "title_en", "summary_ko", "summary_en", "opens_at", "closes_at")
    return {
        **{name: getattr(held, name) for name in names},
        "budget": held.budget_microwon // MICRO_PER_WON,
        "criteria": "\n".join(criterion_line(one) for one in held.criteria),
        "use_ends_on": held.use_ends_on,
        **typed_rules(held.rules),
        "form_code": held.form_code,
        "eligibility": "\n".join(rule_line(one) for one in held.eligibility),
        "bonuses": "\n".join(bonus_line(one) for one in held.bonuses),
        **typed_terms(held.terms),
    }


@takes("GET", "POST")
@signed_in(Role.OPERATOR)
def change(request: SignedInRequest, code: str) -> HttpResponse:
    """Rewrite a draft. Whoever does is its author, so somebody else approves it."""
    row = call_by_code(request.actor, code)
    if row.state != CallState.DRAFT:
        raise TransitionNotAllowed(noun="call", transition="change", state=row.state)
    held, language = content_of(row), request.LANGUAGE_CODE
    if request.method != "POST":
        facts = {"form": DraftForm(held, language=language), "call": row}
        return desk_page(request, "operator", "operator/new_call.html", facts)
    form = taken(DraftForm(held, request.POST, language=language))
    change_call(request.actor, row.id, form.content(), at=request.at)
    messages.success(request, _("The draft is saved. A second person approves it."))
    return redirect("manage_call", code)
