"""The agency's desk of the hub: surveys, imports, clusters, rounds of comment, projects."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.datahub.comments.actions import (
    TEXT_MAX,
    answer_comment,
    hold_round,
    withhold_comment,
)
from madang.datahub.comments.models import Comment
from madang.datahub.comments.queries import waiting_comments
from madang.datahub.demand import actions
from madang.datahub.demand.models import DemandSurvey
from madang.datahub.demand.queries import arranged, survey_by_code
from madang.datahub.demand.reading import Fault, read_demands
from madang.datahub.demand.workflow import SURVEY
from madang.datahub.models import DataSet, Version
from madang.datahub.plan.queries import late_releases, projects_for
from madang.datahub.quality.files import text_of
from madang.parties.actor import Role
from madang.parties.workflow import Transition
from madang.portal.acting import reason_in, taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField
from madang.portal.pages.data.roadmap import FIELD_NAMES
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken

CSV_BYTES_MAX, ROWS_MAX, SETS_MAX = 8_000_000, 200, 30
STEPS = {
    "close": actions.close_survey,
    "analyse": actions.analyse_demands,
    "publish": actions.publish_survey,
}


class SurveyForm(forms.Form):
    code = forms.SlugField(label=_("Code"), max_length=64)
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    opens_at = MomentField(label=_("Opens"))
    closes_at = MomentField(label=_("Closes"))


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "First line: field,title,purpose,user_kind. Then one wish a line, as "
            "vision,Night photographs of road signs,research,sme. UTF-8 or as Excel saves it"
        ),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > CSV_BYTES_MAX:
            most = _("The file is too large: at most %(size)s MB.")
            raise forms.ValidationError(most, params={"size": CSV_BYTES_MAX // 1_000_000})
        return file


class RoundForm(forms.Form):
    number = forms.TypedChoiceField(
        label=_("Round"), coerce=int, choices=[(1, _("1: demands")), (2, _("2: proposals"))]
    )
    opens_at = MomentField(label=_("Opens"))
    closes_at = MomentField(label=_("Closes"))


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("Answer, or the reason to withhold it"), max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


@takes("GET", "POST")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def overview(request: SignedInRequest) -> HttpResponse:
    """Surveys, projects, what is late; and a form for the next survey."""
    if request.method == "POST":
        request.actor.need(Role.OPERATOR)
        form = taken(SurveyForm(request.POST))
        row = actions.create_survey(request.actor, **form.cleaned_data, at=request.at)
        return redirect("plan_survey", row.code)
    facts = {
        "surveys": DemandSurvey.objects.order_by("-opens_at")[:ROWS_MAX],
        "projects": projects_for(request.actor)[:ROWS_MAX],
        "sets": _newest_sets(),
        "late": late_releases(seoul_date(request.at)),
        "waiting": Comment.objects.filter(state="received").count(),
        "form": SurveyForm() if request.actor.has(Role.OPERATOR) else None,
    }
    return desk_page(request, _desk(request), "data/planning.html", facts)


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def survey(request: SignedInRequest, code: str) -> HttpResponse:
    return _page(request, _survey(code))


@takes("POST")
@signed_in(Role.OPERATOR)
def import_csv(request: SignedInRequest, code: str) -> HttpResponse:
    """Every faulty line is shown; nothing is taken while there is one."""
    row = _survey(code)
    form = taken(ImportForm(request.POST, request.FILES))
    try:
        text = text_of(form.cleaned_data["file"].read())
    except UnicodeDecodeError:
        form.add_error("file", _("This is no text in UTF-8, UTF-16 or cp949: save it as CSV."))
        taken(form)
    read = read_demands(text)
    if read.faults:
        return _page(request, row, faults=read.faults, status=422)
    count = actions.import_demands(request.actor, code, text, at=request.at)
    messages.success(request, gettext("Answers taken: %(count)s") % {"count": count})
    return redirect("plan_survey", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def step(request: SignedInRequest, code: str) -> HttpResponse:
    wanted = request.POST.get("step", "")
    if wanted not in STEPS:
        raise NotFound
    STEPS[wanted](request.actor, code, at=request.at)
    return redirect("plan_survey", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def arrange(request: SignedInRequest, code: str) -> HttpResponse:
    """Merge the chosen ones under the first, split one, adopt or decline one."""
    chosen = [UUID(text) for text in request.POST.getlist("demand") if _is_uuid(text)]
    wanted, reason = request.POST.get("step", ""), reason_in(request.POST)
    if not chosen:
        return redirect("plan_survey", code)
    if wanted == "merge":
        actions.merge_demands(request.actor, chosen[0], chosen[1:], at=request.at)
    elif wanted == "split":
        actions.split_demand(request.actor, chosen[0], at=request.at)
    elif wanted in ("adopt", "decline"):
        actions.decide_demands(
            request.actor, chosen, adopt=wanted == "adopt", reason=reason, at=request.at
        )
    return redirect("plan_survey", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def hold(request: SignedInRequest, code: str) -> HttpResponse:
    row = _survey(code)
    form = taken(RoundForm(request.POST))
    hold_round(request.actor, row, at=request.at, **form.cleaned_data)
    return redirect("plan_survey", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def answer(request: SignedInRequest, comment: UUID) -> HttpResponse:
    form = taken(AnswerForm(request.POST))
    found = Comment.objects.select_related("round__survey").filter(pk=comment).first()
    if found is None:
        raise NotFound
    survey = found.round.survey
    text = form.cleaned_data["text"]
    if request.POST.get("step") == "withhold":
        withhold_comment(request.actor, comment, reason=text, at=request.at)
    else:
        answer_comment(request.actor, comment, answer=text, at=request.at)
    return redirect("plan_survey", survey.code)


def _newest_sets() -> list[tuple[DataSet, Version | None]]:
    """What changed last, with its newest version: each leads to its desk."""
    rows = DataSet.objects.order_by("-changed_at").prefetch_related("versions__release")
    return [
        (row, max(row.versions.all(), key=_sealed_at, default=None)) for row in rows[:SETS_MAX]
    ]


def _sealed_at(version: Version) -> datetime:
    return version.sealed_at


def _survey(code: str) -> DemandSurvey:
    row = survey_by_code(code)
    if row is None:
        raise NotFound
    return row


def _desk(request: SignedInRequest) -> str:
    return "operator" if request.actor.has(Role.OPERATOR) else "auditor"


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _move_name(row: DemandSurvey, move: Transition[DemandSurvey]) -> str:
    """Analysing what was analysed undoes what people merged: its button says so."""
    if move.code == "analyse" and row.state == "analysed":
        return gettext("Analyse anew, without what was merged or split by hand")
    return move.ko if spoken() == "ko" else move.en


def _page(
    request: SignedInRequest,
    row: DemandSurvey,
    *,
    import_form: ImportForm | None = None,
    round_form: RoundForm | None = None,
    faults: tuple[Fault, ...] = (),
    status: int = 200,
) -> HttpResponse:
    may_act = request.actor.has(Role.OPERATOR)
    moves = [one for one in SURVEY.transitions if row.state in one.sources]
    groups = [
        (one, inside, FIELD_NAMES[one.item.field]) for one, inside in arranged(row)[:ROWS_MAX]
    ]
    may_import = may_act and row.state in ("open", "closed")
    facts = {
        "survey": row,
        "groups": groups,
        "answers": row.items.count(),
        "faults": faults,
        "moves": [
            (one.code, _move_name(row, one)) for one in moves if one.code in STEPS and may_act
        ],
        "may_arrange": may_act and row.state == "analysed",
        "may_decide": may_act and row.state in ("analysed", "published"),
        "import_form": (import_form or ImportForm()) if may_import else None,
        "rounds": row.rounds.order_by("number"),
        "round_form": (round_form or RoundForm())
        if may_act and row.state == "published"
        else None,
        "comments": [(one, AnswerForm()) for one in waiting_comments(row)[:ROWS_MAX]],
    }
    return desk_page(request, _desk(request), "data/plan_survey.html", facts, status=status)
