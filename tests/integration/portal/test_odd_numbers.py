"""Every whole number and every yes or no in a body of the API is one without a doubt.

Goal: no truth value, no fraction and no words are taken for an amount or a count, wherever one
is asked for, and none is larger than its column; 80.0 and "80" are what they say.
Method: every body of every write is walked for its fields; each is then sent with odd values,
alone, and must be named in the refusal.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator

import pytest
from django.test import Client
from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError
from tests.integration.portal.conftest import token_of

from madang.parties.exact import Whole, whole
from madang.portal.rest import api as rest
from madang.programme.applications.api import SaveIn
from madang.review.reviews.api import ReviewIn

pytestmark = pytest.mark.django_db
ODD_NUMBERS = (
    *("true", "false", "1.5", "1e17", "1e400", "NaN", "Infinity", "9" * 60),
    *('""', '" 5"', '"5.0"', '"1_0"', '"1e3"', '"오"', "[1]", "{}"),
)  # fmt: skip
ODD_TRUTHS = ("2", "-1", '"maybe"', '""', "1.5", "null", "[]")
EACH, NAMED = "[]", "{}"
TEXT_TOO = ("answers", "scores")
"""Fields that take text beside numbers."""
Place = tuple[str, ...]
Marks = tuple[object, ...]


def numbers_in(
    hint: object, marks: Marks = (), at: Place = ()
) -> Iterator[tuple[Place, type, Marks]]:
    """Every int and bool within a type, where it stands, and what is annotated to it."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        yield from numbers_in(inner[0], (*marks, *inner[1:]), at)
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        for name, field in hint.model_fields.items():
            yield from numbers_in(field.annotation, tuple(field.metadata), (*at, name))
    elif hint is int or hint is bool:
        yield at, hint, marks
    elif origin in (typing.Union, types.UnionType):
        for one in inner:
            yield from numbers_in(one, marks, at)
    elif inner:
        step = NAMED if origin is dict else EACH
        yield from numbers_in(inner[-1], (), (*at, step))


def numbers_of_bodies() -> dict[tuple[str, str, Place], tuple[type, Marks]]:
    """By method, path and place: what each operation that takes JSON asks for."""
    found = {}
    for prefix, router in rest._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for model in operation.models:
                    if model.__ninja_param_source__ == "body":
                        for place, kind, marks in numbers_in(model):
                            for method in operation.methods:
                                found[method, f"{prefix}{path}", place[1:]] = kind, marks
    return found


def flat(marks: Marks) -> list[object]:
    return [one for mark in marks for one in (mark, *getattr(mark, "metadata", ()))]


def has_end(marks: Marks, *names: str) -> bool:
    ends = [getattr(one, name, None) for one in flat(marks) for name in names]
    return any(end is not None for end in ends)


def test_every_number_of_a_body_is_whole_and_has_two_ends() -> None:
    found = numbers_of_bodies()
    assert len(found) > 150, "the walk sees the bodies"
    for place, (kind, marks) in found.items():
        if kind is int:
            assert BeforeValidator(whole) in flat(marks), place
            assert has_end(marks, "ge", "gt"), place
            assert has_end(marks, "le", "lt"), place


def body_with(place: Place, odd: str) -> str:
    """A document in which only this field stands, as odd as given."""
    text = odd
    for step in reversed(place):
        match step:
            case "[]":
                text = f"[{text}]"
            case "{}":
                text = f'{{"x": {text}}}'
            case name:
                text = f'{{"{name}": {text}}}'
    return text


def path_to(path: str) -> str:
    """Any row will do: a body is read before anything is looked for."""
    named = re.sub(
        r"{(?:uuidstr:\w+|\w*_id|receipt)}", "0" * 8 + "-0000-4000-8000-" + "0" * 12, path
    )
    return re.sub(r"{(?:year|number|no|step)}", "1", named)


def test_odd_values_are_refused_by_the_name_of_their_field(person) -> None:
    person("one@agency.example", "operator")
    client, headers = Client(), {"authorization": f"Bearer {token_of('one@agency.example')}"}
    asked = 0
    for (method, path, place), (kind, _) in numbers_of_bodies().items():
        if place[0] in TEXT_TOO:
            continue
        for odd in ODD_TRUTHS if kind is bool else ODD_NUMBERS:
            answer = client.generic(
                method, f"/api/v1{path_to(path)}", body_with(place, odd),
                content_type="application/json", headers=headers,
            )  # fmt: skip
            told = answer.json()
            assert (answer.status_code, told["code"]) == (422, "portal.form.invalid"), (
                path, place, odd, told,
            )  # fmt: skip
            last = [step for step in place if step not in (EACH, NAMED)][-1]
            named = [one["field"].split(".") for one in told.get("invalid", ())]
            assert any(last in parts for parts in named), (path, place, odd, told)
            for one in told["invalid"]:  # Korean is what a reader gets unless asked otherwise
                assert re.search("[가-힣]", one["reason"]), one
            asked += 1
    assert asked > 1000


def test_what_says_a_whole_number_is_taken_for_it() -> None:
    read = TypeAdapter(Whole).validate_python
    assert [read(one) for one in (80, 80.0, "80", -3.0, "-3", float(2**53))] == [
        80, 80, 80, -3, -3, 2**53,
    ]  # fmt: skip
    assert read(str(2**62 - 1)) == 2**62 - 1


def test_answers_and_scores_take_text_and_whole_numbers_alone() -> None:
    for model, field in ((SaveIn, "answers"), (ReviewIn, "scores")):
        for odd in (1.5, 1e17, float("nan"), 10**30, {"a": 1}):
            with pytest.raises(ValidationError):
                model.model_validate({field: {"x": odd}})
        for good in ("1.0", 5, 0, "5", 80.0):
            taken = getattr(model.model_validate({field: {"x": good}}), field)["x"]
            assert (taken, type(taken)) == (good, str if isinstance(good, str) else int)
    with pytest.raises(ValidationError):
        ReviewIn.model_validate({"scores": {"x": True}})
    assert SaveIn.model_validate({"answers": {"x": True}}).answers == {"x": True}
