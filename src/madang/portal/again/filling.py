"""What was sent, put back into the form it came from, with what was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from madang.portal.again.markup import Attributes, Control, Form, Tag

Sent = Mapping[str, Sequence[str]]
Edit = tuple[int, int, str]
NEVER_BACK = frozenset({"password", "file"})


@dataclass(slots=True)
class Said:
    """What was refused: beside fields by their names, and above the form."""

    beside: dict[str, list[str]] = field(default_factory=dict)
    above: list[str] = field(default_factory=list)


def filled(form: Form, sent: Sent, said: Said) -> list[Edit]:
    """What changes in the page's text so that this form is filled in again."""
    edits = [_open(fold) for fold in form.folds if "open" not in fold.attributes]
    left = {name: list(values) for name, values in sent.items()}
    names = list(dict.fromkeys(control.name for control in form.typed))
    faulty = [name for name in names if name in said.beside]
    told: set[str] = set()
    for control in form.typed:
        is_first = control.name in said.beside and control.name not in told
        told.add(control.name)
        told_of = said.beside[control.name] if is_first else []
        edits += _edits(control, left, told_of, faulty[:1] == [control.name])
    if said.above:
        edits.append((form.tag.start, form.tag.start, _alert(said.above)))
    return edits


def applied(text: str, edits: list[Edit]) -> str:
    """All edits at once; they stand in the text as it was."""
    parts, at = [], 0
    for start, end, put in sorted(edits, key=lambda edit: edit[:2]):
        parts += [text[at:start], put]
        at = end
    return "".join([*parts, text[at:]])


def _edits(
    control: Control, left: dict[str, list[str]], told: list[str], is_first: bool
) -> Iterator[Edit]:
    tag, attributes = control.tag, dict(control.tag.attributes)
    error_id = f"{tag.get('id') or control.name}-error"
    if told:
        described = f"{tag.get('aria-describedby')} {error_id}".strip()
        attributes |= {"aria-invalid": "true", "aria-describedby": described}
        attributes |= {"autofocus": None} if is_first else {}
    yield from _values(control, attributes, left)
    if attributes != tag.attributes:
        yield tag.start, tag.end, drawn(tag.name, attributes)
    behind = max(tag.end, tag.close + len(f"</{tag.name}>")) if tag.close > 0 else tag.end
    place = control.group.close if control.group and control.group.close > 0 else behind
    if told:
        yield place, place, _list(error_id, told)
    if control.kind == "file":
        yield place, place, format_html('<p class="form-hint">{}</p>', _file_again())


def _values(
    control: Control, attributes: Attributes, left: dict[str, list[str]]
) -> Iterator[Edit]:
    """Puts what was sent into `attributes`, or into the text behind the tag."""
    tag, values = control.tag, left.get(control.name)
    if control.is_ticked:
        _mark(attributes, "checked", (attributes.get("value") or "on") in (values or ()))
    elif control.kind in NEVER_BACK or not values:
        return
    elif control.kind == "select":
        for option in control.options:
            marked = dict(option.attributes)
            _mark(marked, "selected", (marked.get("value") or "") in values)
            if marked != option.attributes:
                yield option.start, option.end, drawn("option", marked)
    elif control.kind == "textarea":
        yield tag.end, max(tag.end, tag.close), "\n" + escape(values.pop(0))
    else:
        attributes["value"] = values.pop(0)


def _mark(attributes: Attributes, name: str, is_set: bool) -> None:
    if is_set:
        attributes[name] = None
    else:
        attributes.pop(name, None)


def drawn(name: str, attributes: Attributes) -> str:
    """A start tag with these attributes."""
    pairs = [
        f" {key}" if value is None else f' {key}="{escape(value)}"'
        for key, value in attributes.items()
    ]
    return f"<{name}{''.join(pairs)}>"


def _open(fold: Tag) -> Edit:
    return fold.start, fold.end, drawn("details", {**fold.attributes, "open": None})


def _list(error_id: str, told: list[str]) -> SafeString:
    lines = format_html_join("", "<li>{}</li>", ((line,) for line in told))
    return format_html('<ul class="errorlist" id="{}">{}</ul>', error_id, lines)


def _alert(told: list[str]) -> SafeString:
    lines = format_html_join("", "<p>{}</p>", ((line,) for line in told))
    return format_html(
        '<div class="md-alert error md-refused" role="alert" tabindex="-1" autofocus>'
        '<span class="md-alert-icon" aria-hidden="true"></span>'
        '<div class="md-alert-text">{}</div></div>',
        lines,
    )


def _file_again() -> str:
    return _("Choose the file again: a browser does not keep it.")
