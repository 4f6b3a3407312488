"""What an operator types to write a call, and how it reads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.money import Ratio
from madang.parties.canonical import Json
from madang.portal.forms import MomentField, WonField
from madang.portal.pages.operator.rule_lines import bonuses_in, moments_in, rules_in
from madang.programme.calls.content import CallContent, policies_at
from madang.programme.calls.ratios import BY_SIZE, ratios_by_size
from madang.programme.forms.models import FormVersion
from madang.programme.years.queries import programmes
from madang.review.rules import CRITERIA_MAX, CRITERION, LOTTERY, PEER_REVIEWS_MAX

TERMS = (
    "fulfilment",
    "supplier_consent",
    "pay_direction",
    "auto_approve_won_max",
    "requested_won_max",
    "deposit_required",
    "tranches",
    BY_SIZE,
)
"""The terms of a call that the form shows; others come from policy, or stay as they are."""
PERCENT = 100
CRITERION_HELP = gettext_lazy(
    "One a line: code, weight, Korean name, English name, separated by |. "
    "Example: plan | 40 | 계획의 구체성 | Plan"
)


RULE_HELP = gettext_lazy(
    "One a line: code | kind | name | conditions. Example: young | years_since | "
    "established_on | at_most=7"
)
BONUS_HELP = gettext_lazy(
    "One a line: code | points | kind | name | conditions. Example: rural | 1.5 | region | | "
    "any_of=전남;전북"
)
FULFILMENTS = [
    ("voucher", gettext_lazy("a voucher that pays for use")),
    ("milestones", gettext_lazy("money, step by step, for accepted work only")),
]
"""What a call of this form may give; other rooms have forms of their own."""
RATIO_HELP = gettext_lazy(
    "One a line: size | per cent or ratio. Example: midsize | 70. Sizes: sme, midsize, "
    "university, institute, public, large. What is not named has the programme's ratio."
)
CONSENTS = [
    ("none", gettext_lazy("not asked for")),
    ("before_submission", gettext_lazy("before the application is handed in")),
    ("before_review", gettext_lazy("before the review")),
    ("after_award", gettext_lazy("after the award")),
]
DIRECTIONS = [
    ("supplier_direct", gettext_lazy("the programme, with the voucher")),
    ("reimburse", gettext_lazy("the firm, which is reimbursed the subsidy's share")),
]
DEPOSITS = [
    ("", gettext_lazy("as policy says")),
    ("own_part_and_vat_of_tranche", gettext_lazy("own part and VAT, before the voucher")),
    ("none", gettext_lazy("not asked for: the cash part is waived")),
]


class CallForm(forms.Form):
    code = forms.RegexField(
        label=gettext_lazy("Call code"),
        regex=r"^[a-z0-9][a-z0-9-]*$",
        max_length=50,
        help_text=gettext_lazy(
            "Lower-case letters, digits, hyphens; every receipt begins with it."
        ),
    )
    programme = forms.ChoiceField(label=gettext_lazy("Programme"))
    title_ko = forms.CharField(label=gettext_lazy("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("Title in English"), max_length=200)
    summary_ko = forms.CharField(
        label=gettext_lazy("Summary in Korean"), required=False, max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    summary_en = forms.CharField(
        label=gettext_lazy("Summary in English"), required=False, max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    opens_at = MomentField(label=gettext_lazy("Applications from"))
    closes_at = MomentField(label=gettext_lazy("Deadline"))
    budget = WonField(label=gettext_lazy("Budget in won"))
    criteria = forms.CharField(
        label=gettext_lazy("Criteria"), help_text=CRITERION_HELP, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    panel = forms.IntegerField(
        label=gettext_lazy("Experts per application"), min_value=1, max_value=100
    )
    quorum = forms.IntegerField(
        label=gettext_lazy("At least so many reviews"), min_value=1, max_value=100
    )
    trim = forms.IntegerField(
        label=gettext_lazy("Highest and lowest scores left out, each"),
        min_value=0, max_value=10,
        help_text=gettext_lazy("Fewer than half of the reviews that are needed"),
    )  # fmt: skip

    pass_score = forms.IntegerField(
        label=gettext_lazy("Rejected below this score"), min_value=0, max_value=10_000,
        required=False,
    )  # fmt: skip
    sure_score = forms.IntegerField(
        label=gettext_lazy("In order of score from here on"), min_value=0, max_value=10_000,
        required=False,
        help_text=gettext_lazy(
            "Partial randomisation: below it, down to the pass score, the recorded lottery "
            "decides. Empty: the score alone."
        ),
    )  # fmt: skip
    tie = forms.CharField(
        label=gettext_lazy("Criteria that break a tie"), required=False, max_length=1_000,
        help_text=gettext_lazy("Codes in their order, separated by commas; then the lottery."),
    )  # fmt: skip
    peer_reviews = forms.IntegerField(
        label=gettext_lazy("Applications that every applicant judges"),
        min_value=0, max_value=PEER_REVIEWS_MAX, required=False,
        help_text=gettext_lazy(
            "Distributed review: the applicants judge one another instead of experts. "
            "Empty: a panel of experts."
        ),
    )  # fmt: skip

    form_code = forms.ChoiceField(
        label=gettext_lazy("Application form"), required=False,
        help_text=gettext_lazy("Built under Forms; empty for the standard one."),
    )  # fmt: skip
    eligibility = forms.CharField(
        label=gettext_lazy("Eligibility rules"), required=False, max_length=20_000,
        help_text=RULE_HELP, widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    bonuses = forms.CharField(
        label=gettext_lazy("Bonuses"), required=False, max_length=20_000,
        help_text=BONUS_HELP, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    fulfilment = forms.ChoiceField(
        label=gettext_lazy("What is awarded"), choices=FULFILMENTS, required=False
    )
    supplier_consent = forms.ChoiceField(
        label=gettext_lazy("Supplier's word"), choices=CONSENTS, required=False
    )
    pay_direction = forms.ChoiceField(
        label=gettext_lazy("Who pays the supplier"), choices=DIRECTIONS, required=False
    )
    requested_won_max = forms.IntegerField(
        label=gettext_lazy("At most for one application, in won"), min_value=0,
        max_value=10**12, required=False,
    )  # fmt: skip
    deposit_required = forms.ChoiceField(
        label=gettext_lazy("Own part in cash"), choices=DEPOSITS, required=False
    )
    tranches = forms.CharField(
        label=gettext_lazy("Parts of an award, in per cent"), required=False, max_length=200,
        help_text=gettext_lazy("As 50, 30, 20; later parts against progress. Empty: whole."),
    )  # fmt: skip
    subsidy_ratio_by_size = forms.CharField(
        label=gettext_lazy("Subsidy by size of the organisation"), required=False,
        max_length=500, help_text=RATIO_HELP, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    use_ends_on = forms.DateField(
        label=gettext_lazy("Last day of use"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: the end of the programme-year."),
    )  # fmt: skip
    auto_approve_won_max = forms.IntegerField(
        label=gettext_lazy("Answered at once up to, in won"), min_value=0, max_value=10**12,
        required=False, help_text=gettext_lazy("Empty: every application goes to the experts."),
    )  # fmt: skip
    cut_offs = forms.CharField(
        label=gettext_lazy("Cut-offs of a rolling call"), required=False, max_length=2_000,
        help_text=gettext_lazy(
            "One a line, as 2026-04-30 18:00; each becomes a call of its own, and the deadline "
            "above is not looked at."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: object, language: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.fields["programme"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (row.code, row.name_en if language == "en" else row.name_ko) for row in programmes()
        ]
        built = FormVersion.objects.exclude(form__code__startswith="call/")
        codes = built.order_by("form__code").values_list("form__code", flat=True).distinct()
        choices = [("", "–"), *((code, code) for code in codes)]
        self.fields["form_code"].choices = choices  # type: ignore[attr-defined]  # same

    def clean_criteria(self) -> list[dict[str, str | int]]:
        """Each line as a criterion."""
        lines = [line for line in self.cleaned_data["criteria"].splitlines() if line.strip()]
        if len(lines) > CRITERIA_MAX:
            raise forms.ValidationError(_("Too many criteria."))
        return [_criterion(line) for line in lines]

    def clean_eligibility(self) -> list[dict[str, Json]]:
        return rules_in(self.cleaned_data["eligibility"])

    def clean_bonuses(self) -> list[dict[str, Json]]:
        return bonuses_in(self.cleaned_data["bonuses"])

    def clean_cut_offs(self) -> list[datetime]:
        return moments_in(self.cleaned_data["cut_offs"])

    def clean_tie(self) -> list[str]:
        codes = [code.strip() for code in self.cleaned_data["tie"].split(",")]
        return [*(CRITERION + code for code in codes if code and code != LOTTERY), LOTTERY]

    def clean_tranches(self) -> list[str]:
        """Per cents, or ratios as policy writes them."""
        parts = self.cleaned_data["tranches"].replace("%", "").split(",")
        return [_share(part.strip()) for part in parts if part.strip()]

    def clean_subsidy_ratio_by_size(self) -> dict[str, str]:
        """Per cents, or ratios as a declaration writes them, by size."""
        lines = self.cleaned_data[BY_SIZE].replace("%", "").splitlines()
        return _by_size([line for line in lines if line.strip()])

    def terms(self) -> dict[str, Json]:
        """Of the call's terms, what was said here; the rest comes from policy."""
        given = self.cleaned_data
        return {name: given[name] for name in TERMS if given.get(name)}

    def rules(self) -> dict[str, Json]:
        """How it is reviewed. An empty number is none, whatever stood there before."""
        entered = self.cleaned_data
        peers = entered["peer_reviews"] or 0
        return {
            "panel": entered["panel"],
            "quorum": entered["quorum"],
            "trim_high": entered["trim"],
            "trim_low": entered["trim"],
            "tie": entered["tie"],
            "pass_score": entered["pass_score"] or 0,
            "sure_score": entered["sure_score"] or 0,
            "mode": "distributed" if peers else "panel",
            "peer_reviews": peers,
        }

    def content(self) -> CallContent:
        return self.typed(self.cleaned_data["code"])

    def typed(self, code: str) -> CallContent:
        """What was typed, as a call of this code."""
        entered = self.cleaned_data
        return CallContent(
            code=code,
            title_ko=entered["title_ko"],
            title_en=entered["title_en"],
            summary_ko=entered["summary_ko"],
            summary_en=entered["summary_en"],
            opens_at=entered["opens_at"],
            closes_at=entered["closes_at"],
            budget_microwon=entered["budget"],
            criteria=entered["criteria"],
            use_ends_on=entered["use_ends_on"],
            rules=self.rules(),
            form_code=entered["form_code"],
            eligibility=entered["eligibility"],
            bonuses=entered["bonuses"],
            terms=self.terms(),
        )


def _criterion(line: str) -> dict[str, str | int]:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) < 2 or not parts[1].isdecimal():
        raise forms.ValidationError(
            _("Not a criterion with a whole weight: %(line)s"), params={"line": line}
        )
    code, weight, *names = parts
    ko, en = (*names, "", "")[:2]
    return {"code": code, "weight": int(weight), "name_ko": ko, "name_en": en or ko}


def first_values(at: datetime) -> dict[str, object]:
    """What an empty form begins with: the rules of today's policy."""
    return typed_rules(policies_at(at)["review"].data)


def typed_rules(rules: Mapping[str, Json]) -> dict[str, object]:
    """The rules of a review as an operator would have typed them."""
    tie = rules["tie"]
    assert isinstance(tie, list)
    criteria = [str(step).removeprefix(CRITERION) for step in tie if step != LOTTERY]
    return {
        "panel": rules["panel"],
        "quorum": rules["quorum"],
        "trim": rules["trim_high"],
        "tie": ", ".join(criteria),
        "pass_score": rules["pass_score"] or None,
        "sure_score": rules.get("sure_score") or None,
        "peer_reviews": rules.get("peer_reviews") or None,
    }


def typed_terms(terms: Mapping[str, Json]) -> dict[str, object]:
    """The terms that the form shows, as typed."""
    shown: dict[str, object] = {name: terms[name] for name in TERMS if name in terms}
    shares = terms.get("tranches")
    if isinstance(shares, list):
        shown["tranches"] = ", ".join(_percents(shares))
    if BY_SIZE in terms:
        by_size = ratios_by_size(terms)
        pairs = zip(by_size, _percents(list(map(str, by_size.values()))), strict=True)
        shown[BY_SIZE] = "\n".join(f"{size} | {share}" for size, share in pairs)
    return shown


def _by_size(lines: list[str]) -> dict[str, str]:
    read: dict[str, str] = {}
    for line in lines:
        size, bar, share = (part.strip() for part in line.partition("|"))
        if not bar or size in read:
            raise forms.ValidationError(
                _("Not a size with its ratio, or named twice: %(line)s"), params={"line": line}
            )
        read[size] = _share(share)
    return read


def _percents(shares: Sequence[Json]) -> Iterator[str]:
    for share in shares:
        ratio = Ratio.parse(str(share))
        percent, rest = divmod(PERCENT * ratio.numerator, ratio.denominator)
        yield str(share) if rest else str(percent)


def _share(text: str) -> str:
    """A per cent as the ratio that it is; a ratio as it was typed."""
    if not text.isdecimal():
        return text
    share = Fraction(int(text), PERCENT)
    return f"{share.numerator}/{share.denominator}"
