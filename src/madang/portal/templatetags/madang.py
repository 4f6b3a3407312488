"""What templates need: amounts, instants, names in two languages, and our components."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from django import template
from django.core.paginator import Paginator
from django.forms import BoundField, CheckboxInput, ClearableFileInput, RadioSelect, Select
from django.forms.widgets import Textarea
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from madang.core.clock import SEOUL
from madang.core.money import UNITS_PER_PRICE
from madang.core.units import Unit
from madang.core.words import until_text
from madang.ledger.chart import CHART, Book
from madang.ledger.kinds import KINDS, Kind
from madang.parties.actor import Role
from madang.portal.acting import Offer
from madang.portal.amounts import percent_text, won_digits, won_short, won_text
from madang.portal.charts import BarChart, LineChart
from madang.portal.labels import (
    BOOK_NAMES,
    CONFLICT_NAMES,
    DECIDED_NAMES,
    EXCEPTION_NAMES,
    FLAG_NAMES,
    GROUND_NAMES,
    KIND_NAMES,
    METER_NAMES,
    OPEN_NAMES,
    PARTY_NAMES,
    PETITION_NAMES,
    ROLE_NAMES,
    SIZE_NAMES,
    STATE_TONES,
    UNIT_NAMES,
    USE_NAMES,
    state_label,
)
from madang.portal.labels.rules import rule_in_words
from madang.portal.sentences import spoken
from madang.programme.calls.requirements import Requirement

register = template.Library()


class Named(Protocol):
    name_ko: str
    name_en: str


@register.filter
def won(amount_microwon: int | None) -> str:
    """An exact amount with its unit; nothing for None."""
    return "" if amount_microwon is None else won_text(amount_microwon, spoken())


@register.filter
def digits(amount_microwon: int | None) -> str:
    """An exact amount without its unit, for columns whose head names the unit."""
    return "" if amount_microwon is None else won_digits(amount_microwon)


@register.filter
def booked(quantity: int, code: str) -> str:
    """What an account or a book holds: won, but for quota, which counts what is granted."""
    return count(quantity) if code.startswith(Book.QUOTA) else digits(quantity)


@register.filter
def won_about(amount_microwon: int) -> str:
    return won_short(amount_microwon, spoken())


@register.filter
def count(number: int) -> str:
    return f"{number:,}"


@register.simple_tag
def share(part: int, whole: int) -> str:
    return percent_text(part, whole)


@register.filter
def name(thing: Named | None) -> str:
    """The name in the reader's language."""
    if thing is None:
        return ""
    return thing.name_en if spoken() == "en" else thing.name_ko


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """An instant as a clock in Seoul shows it, with the machine-readable one beside it."""
    return _clock(at, "%Y-%m-%d %H:%M")


@register.filter
def to_the_second(at: datetime | None) -> SafeString | str:
    """As `moment`, where seconds are what is charged."""
    return _clock(at, "%Y-%m-%d %H:%M:%S")


@register.filter
def until(at: datetime | None) -> SafeString | str:
    """An end as people write it: a day's end is its 24:00, not 00:00 of the day after."""
    if at is None:
        return "–"
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), until_text(at))


def _clock(at: datetime | None, form: str) -> SafeString | str:
    if at is None:
        return "–"
    text = at.astimezone(SEOUL).strftime(form)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), text)


@register.filter
def day(at: datetime | date | None) -> SafeString | str:
    if at is None:
        return "–"
    shown = at.astimezone(SEOUL).date() if isinstance(at, datetime) else at
    return format_html('<time datetime="{}">{}</time>', shown.isoformat(), shown.isoformat())


@register.inclusion_tag("components/badge.html")
def state(noun: str, code: str) -> dict[str, str]:
    """A state's name for people, in a tone that agrees with its words."""
    return {"label": state_label(noun, code, spoken()), "tone": STATE_TONES.get(code, "gray")}


@register.filter
def state_name(code: str, noun: str) -> str:
    """A state in words, or its code where the noun has no table of states."""
    try:
        return state_label(noun, code, spoken())
    except (KeyError, StopIteration):
        return code


@register.inclusion_tag("components/badge.html")
def badge(label: str, tone: str = "gray") -> dict[str, str]:
    return {"label": label, "tone": tone}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, object]:
    """One form field with its label, help and errors, tied together for screen readers."""
    widget = bound.field.widget
    described = [f"{bound.id_for_label}-hint"] if bound.help_text else []
    described += [f"{bound.id_for_label}-error"] if bound.errors else []
    attrs: dict[str, str | bool] = {"class": _widget_class(bound)}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attrs),
        "is_check": isinstance(widget, CheckboxInput),
        "is_group": isinstance(widget, RadioSelect),
        "is_area": isinstance(widget, Textarea),
        "is_hidden": bound.is_hidden,
    }


def _widget_class(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput | RadioSelect):
        return ""
    if isinstance(widget, Select):
        return "krds-form-select"
    return "md-file" if isinstance(widget, ClearableFileInput) else "krds-input"


@register.simple_block_tag
def data_table(
    content: str, caption: str, kind: str = "col", shown: bool = False
) -> SafeString:
    """A table with its caption; wide ones scroll inside a region that the keyboard reaches."""
    seen = "md-caption" if shown else "md-hidden"
    return format_html(
        '<div class="krds-table-wrap md-table" role="region" tabindex="0" aria-label="{}">'
        '<table class="tbl {} data"><caption class="{}">{}</caption>{}</table></div>',
        caption,
        kind,
        seen,
        caption,
        content,
    )


@register.simple_block_tag
def alert(content: str, tone: str = "information") -> SafeString:
    """A message in a box. The tone is in the icon and in the words, never in colour alone."""
    return format_html(
        '<div class="md-alert {}"><span class="md-alert-icon" aria-hidden="true"></span>'
        '<div class="md-alert-text">{}</div></div>',
        tone, content,
    )  # fmt: skip


@register.filter
def without_xml_head(svg: str) -> SafeString:
    """A drawing of our own making, to stand inside a page."""
    return mark_safe(svg[svg.index("<svg") :])  # noqa: S308  # drawn by us


@register.filter
def role_name(role: str) -> str:
    return str(ROLE_NAMES[Role(role)])


@register.filter
def page_numbers(paginator: Paginator[object], number: int) -> list[int]:
    """The pages to link: the ends, and two on either side; 0 stands for a gap."""
    near = {1, paginator.num_pages, *range(number - 2, number + 3)}
    shown = sorted(page for page in near if 1 <= page <= paginator.num_pages)
    drawn: list[int] = []
    for page in shown:
        if drawn and page - drawn[-1] > 1:
            drawn.append(0)
        drawn.append(page)
    return drawn


@register.filter
def unit_name(unit: str) -> str:
    return str(UNIT_NAMES[Unit(unit)])


@register.filter
def flag_name(kind: str) -> str:
    return str(FLAG_NAMES[kind])


class Worded(Protocol):
    @property
    def text_ko(self) -> str: ...

    @property
    def text_en(self) -> str: ...


@register.filter
def spoken_text(thing: Worded) -> str:
    """The words of a rule or a bonus in the reader's language; empty where it has none."""
    return thing.text_en if spoken() == "en" else thing.text_ko


@register.filter
def rule_words(rule: Requirement) -> str:
    """What an eligibility rule looks at, and what it compares with."""
    return rule_in_words(rule)


@register.filter
def milli(thousandths: int) -> str:
    """1500 thousandths as 1.5."""
    whole, rest = divmod(int(thousandths), 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".")


@register.filter
def ground_name(ground: str) -> str:
    """A ground of an appeal or a challenge; a call's own is shown as it is."""
    return str(GROUND_NAMES.get(ground, ground))


@register.filter
def kind_name(kind: str) -> str:
    return str(KIND_NAMES.get(kind, kind))


@register.filter
def size_name(size_class: str) -> str:
    return str(SIZE_NAMES.get(size_class, size_class or "–"))


@register.filter
def use_name(use: str) -> str:
    return str(USE_NAMES.get(use, use))


@register.filter
def meter_name(meter: str) -> str:
    return str(METER_NAMES[meter])


@register.inclusion_tag("components/price.html")
def price(unit: str, microwon_per_million: int) -> dict[str, object]:
    """A price as people quote it: each where that is a whole amount, else per million."""
    amount = int(microwon_per_million)
    is_each = Unit(unit).may_be_priced_each and amount % UNITS_PER_PRICE == 0
    shown = amount // UNITS_PER_PRICE if is_each else amount
    return {"unit": unit, "is_each": is_each, "amount": shown}


@register.inclusion_tag("components/offer.html", takes_context=True)
def offer(context: Context, one: Offer) -> dict[str, object]:
    """A step with its form, folded away until somebody wants it."""
    return {"offer": one, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/line_chart.html")
def line_chart(chart: LineChart, label: str) -> dict[str, object]:
    return {"chart": chart, "label": label}


@register.inclusion_tag("components/bar_chart.html")
def bar_chart(chart: BarChart, label: str) -> dict[str, object]:
    return {"chart": chart, "label": label}


@register.filter
def entry(mapping: Mapping[str, object], key: str) -> object:
    """The value under a key that a template holds in a variable."""
    return mapping.get(key)


@register.filter
def last_day(ends_at: datetime) -> SafeString | str:
    """The last day that an exclusive end still includes, as a date in Seoul."""
    return day(ends_at - timedelta(microseconds=1))


@register.filter
def account_name(code: str) -> str:
    """An account's name from the chart of accounts."""
    kind = CHART[code]
    return kind.name_en if spoken() == "en" else kind.name_ko


@register.filter
def journal_name(kind: str) -> str:
    """What a kind of journal is, beside its code."""
    line = KINDS[Kind(kind)]
    return line.event_en if spoken() == "en" else line.event_ko


@register.filter
def book_name(book: str) -> str:
    return str(BOOK_NAMES[book])


class Titled(Protocol):
    title_ko: str
    title_en: str
    summary_ko: str
    summary_en: str


@register.filter
def title(thing: Titled) -> str:
    return thing.title_en if spoken() == "en" else thing.title_ko


@register.filter
def summary(thing: Titled) -> str:
    return thing.summary_en if spoken() == "en" else thing.summary_ko


@register.filter
def exception_name(kind: str) -> str:
    return str(EXCEPTION_NAMES[kind.partition(".")[0]])


@register.filter
def open_name(noun: str) -> str:
    """What keeps a year open."""
    return str(OPEN_NAMES[noun])


@register.filter
def petition_name(kind: str) -> str:
    return str(PETITION_NAMES[kind])


@register.filter
def party_name(role: str) -> str:
    return str(PARTY_NAMES[role])


@register.filter
def conflict_name(kind: str) -> str:
    return str(CONFLICT_NAMES.get(kind.removeprefix("relationship:"), kind))


@register.filter
def decided_name(step: str) -> str:
    """What set an application apart from the one above it: the score, a criterion, the lot."""
    return str(DECIDED_NAMES.get(step, step.removeprefix("criterion:")))
