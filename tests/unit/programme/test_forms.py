from __future__ import annotations

import pytest

from madang.programme.calls.forms import CHARACTERS_MAX, check_answers, form_from
from madang.programme.errors import AnswerInvalid, FormInvalid


def field(code: str, kind: str, **more):
    return {"code": code, "kind": kind, "name_ko": code, "name_en": code} | more


FORM = [
    field("title", "text", required=True, characters_max=10),
    field("staff", "number"),
    field("size", "choice", choices=["small", "large"], required=True),
    field("consent", "check", required=True),
    field("proof", "file", required=True),
]
GOOD = {"title": "plan", "staff": 3, "size": "small", "consent": True}


def test_complete_answers_pass() -> None:
    check_answers(form_from(FORM), GOOD, ["proof"], complete=True)


@pytest.mark.parametrize(
    ("change", "field_code"),
    [
        ({"title": ""}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 11}, "title"),
        ({"title": 7}, "title"),
        ({"title": None}, "title"),
        ({"staff": -1}, "staff"),
        ({"staff": "3"}, "staff"),
        ({"staff": True}, "staff"),
        ({"staff": 10**16}, "staff"),
        ({"size": "medium"}, "size"),
        ({"consent": False}, "consent"),
        ({"consent": "yes"}, "consent"),
        ({"proof": "x"}, "proof"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_answer_is_refused_and_its_field_named(change, field_code) -> None:
    with pytest.raises(AnswerInvalid) as caught:
        check_answers(form_from(FORM), GOOD | change, ["proof"], complete=True)
    assert caught.value.fields["field"] == field_code


@pytest.mark.parametrize("code", ["title", "size", "consent"])
def test_required_answer_that_is_missing_is_refused_only_when_handing_in(code) -> None:
    partial = {name: value for name, value in GOOD.items() if name != code}
    check_answers(form_from(FORM), partial, [], complete=False)
    with pytest.raises(AnswerInvalid):
        check_answers(form_from(FORM), partial, ["proof"], complete=True)


def test_required_file_that_is_missing_is_refused() -> None:
    with pytest.raises(AnswerInvalid) as caught:
        check_answers(form_from(FORM), GOOD, [], complete=True)
    assert caught.value.fields["field"] == "proof"


@pytest.mark.parametrize(
    "form",
    [
        [field("a", "text"), field("a", "text")],
        [field("a", "colour")],
        [field("a", "choice")],
        [{"code": "a"}],
        [field("a", "text", shape="round")],
        [field(f"f{i}", "text") for i in range(101)],
        ["a"],
    ],
)
def test_form_is_refused(form) -> None:
    with pytest.raises(FormInvalid):
        form_from(form)


def test_text_has_a_limit_also_where_the_form_names_none() -> None:
    form = form_from([field("a", "text")])
    check_answers(form, {"a": "x" * CHARACTERS_MAX}, [], complete=True)
    with pytest.raises(AnswerInvalid):
        check_answers(form, {"a": "x" * (CHARACTERS_MAX + 1)}, [], complete=True)


MORE = [
    field("plan", "text", words_max=3),
    field("cost", "money", at_least=1_000, at_most=2_000),
    field("born", "date"),
    field("topics", "choices", choices=["NLP", "bio"], required=True),
    field("proofs", "file", files_max=2),
]
FITS = {"plan": "one two three", "cost": 1_000, "born": "2020-02-29", "topics": ["NLP"]}


def test_more_kinds_of_answers_pass() -> None:
    check_answers(form_from(MORE), FITS, ["proofs", "proofs"], complete=True)


@pytest.mark.parametrize(
    ("change", "field_code"),
    [
        ({"plan": "one two three four"}, "plan"),
        ({"plan": "하나 둘 셋 넷"}, "plan"),
        ({"cost": 999}, "cost"),
        ({"cost": 2_001}, "cost"),
        ({"cost": 1_000.5}, "cost"),
        ({"born": "2021-02-29"}, "born"),
        ({"born": "20200229"}, "born"),
        ({"born": "2020-W09-6"}, "born"),
        ({"born": 20200229}, "born"),
        ({"topics": ["NLP", "NLP"]}, "topics"),
        ({"topics": ["law"]}, "topics"),
        ({"topics": "NLP"}, "topics"),
        ({"topics": []}, "topics"),
    ],
)
def test_more_kinds_of_answers_are_refused(change, field_code) -> None:
    with pytest.raises(AnswerInvalid) as caught:
        check_answers(form_from(MORE), FITS | change, [], complete=True)
    assert caught.value.fields["field"] == field_code


def test_one_file_too_many_is_refused() -> None:
    with pytest.raises(AnswerInvalid):
        check_answers(form_from(MORE), FITS, ["proofs"] * 3, complete=True)


@pytest.mark.parametrize(
    "bad",
    [
        field("", "text"),
        field("a", "choices"),
        field("a", "text", choices=["x"]),
        field("a", "choice", choices=["x", "x"]),
        field("a", "text", at_least=1),
        field("a", "number", at_least=2, at_most=1),
        field("a", "number", words_max=1),
        field("a", "text", words_max=-1),
        field("a", "text", characters_max=0),
        field("a", "text", characters_max=CHARACTERS_MAX + 1),
        field("a", "file", files_max=0),
        field("a", "file", files_max=21),
        field("a", "text", help_ko="x" * 1_001),
    ],
)
def test_question_that_makes_no_sense_is_refused(bad) -> None:
    with pytest.raises(FormInvalid):
        form_from([bad])
