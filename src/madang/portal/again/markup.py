"""The forms of a page that we drew: where each stands in its text, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

Attributes = dict[str, str | None]
NOT_TYPED = frozenset({"hidden", "submit", "button", "image", "reset"})
BUTTONS = frozenset({"submit", "image"})
BOXES = frozenset({"div", "fieldset"})


@dataclass(slots=True)
class Tag:
    """One start tag, from `start` to `end` of the text; `close` is where its end tag begins."""

    name: str
    attributes: Attributes
    start: int
    end: int
    close: int = -1

    def get(self, name: str) -> str:
        return self.attributes.get(name) or ""


@dataclass(slots=True)
class Control:
    """One thing to fill in, its options, and the group of a field around it."""

    tag: Tag
    group: Tag | None = None
    options: list[Tag] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.tag.get("name")

    @property
    def kind(self) -> str:
        if self.tag.name != "input":
            return self.tag.name
        return (self.tag.get("type") or "text").lower()

    @property
    def is_ticked(self) -> bool:
        return self.kind in {"checkbox", "radio"}


@dataclass(slots=True)
class Form:
    """A form, what it asks for, and the folds that hide it."""

    tag: Tag
    folds: list[Tag]
    typed: list[Control] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)

    @property
    def is_post(self) -> bool:
        return self.tag.get("method").lower() == "post"

    def names(self) -> set[str]:
        return self.hidden.keys() | {control.name for control in self.typed}

    def leads_to(self, path: str, page: str) -> bool:
        own = urlsplit(self.tag.get("action")).path or urlsplit(page).path
        return self.is_post and path in {own, *self.targets}

    def agrees(self, sent: Mapping[str, Sequence[str]], but: frozenset[str]) -> bool:
        """Whether its hidden values are those that were sent: a page repeats a form by row."""
        return all(
            value in sent.get(name, ())
            for name, value in self.hidden.items()
            if name not in but
        )


class Reader(HTMLParser):
    """Reads a page once; its text is never written anew, so that nothing else can change."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.forms: list[Form] = []
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._folds: list[Tag] = []
        self._boxes: list[Tag] = []
        self._form: Form | None = None
        self._filling: Control | None = None
        self.feed(text)
        self.close()

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._here()
        one = Tag(tag, dict(attrs), start, start + len(self.get_starttag_text() or ""))
        if tag == "details":
            self._folds.append(one)
            if self._form:
                self._form.folds.append(one)
        elif tag == "form":
            self._form, self._boxes = Form(one, list(self._folds)), []
            self.forms.append(self._form)
        elif self._form:
            self._within(self._form, one)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self._folds:
            self._folds.pop()
        elif tag == "form":
            self._form = self._filling = None
        elif tag in BOXES and self._form and self._boxes:
            self._boxes.pop().close = self._here()
        elif self._filling and self._filling.tag.name == tag:
            self._filling.tag.close = self._here()
            self._filling = None

    def _within(self, form: Form, one: Tag) -> None:
        if one.name in BOXES:
            self._boxes.append(one)
        elif one.name == "option" and self._filling:
            self._filling.options.append(one)
        elif one.name in {"input", "textarea", "select"}:
            self._control(form, one)
        if one.get("formaction"):
            form.targets.add(urlsplit(one.get("formaction")).path)

    def _control(self, form: Form, one: Tag) -> None:
        groups = [box for box in self._boxes if "form-group" in box.get("class").split()]
        found = Control(one, groups[-1] if groups else None)
        if found.kind == "hidden":
            form.hidden[found.name] = one.get("value")
        elif found.kind not in NOT_TYPED and found.name:
            form.typed.append(found)
        self._filling = found if one.name != "input" else None


def form_of(
    forms: list[Form],
    path: str,
    page: str,
    sent: Mapping[str, Sequence[str]],
    but: frozenset[str],
) -> Form | None:
    """The form that was sent: by where it leads, and among its like by its hidden values and
    by what it asks for.

    A hidden value may have changed since (a digest of what was to be signed), so that the only
    form that leads there is taken anyway.
    """
    leading = [form for form in forms if form.leads_to(path, page)]
    agreeing = [form for form in leading if form.agrees(sent, but)]
    if agreeing:
        return max(agreeing, key=lambda form: len(form.names() & sent.keys()))
    return leading[0] if len(leading) == 1 else None
