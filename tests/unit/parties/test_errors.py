"""Every refusal speaks both languages with the same names in it."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from madang.core.errors import MadangError, sentences_of

ROOMS = ["madang.parties.errors", "madang.review.errors", "madang.programme.errors"]


def classes_of(module_name: str) -> list[type[MadangError]]:
    module = importlib.import_module(module_name)
    found = (item for _, item in inspect.getmembers(module, inspect.isclass))
    return [
        item
        for item in found
        if issubclass(item, MadangError) and item.__module__ == module_name
    ]


ALL = [(room, item) for room in ROOMS for item in classes_of(room)]


@pytest.mark.parametrize(("room", "error"), ALL, ids=lambda v: getattr(v, "__name__", ""))
def test_refusal_has_both_sentences_with_the_same_names(room, error) -> None:
    sentences = sentences_of(error)
    names = [set(re.findall(r"%\((\w+)\)s", sentences[language])) for language in ("ko", "en")]
    assert names[0] == names[1]


@pytest.mark.parametrize("room", ROOMS)
def test_codes_are_of_the_room_and_used_once(room: str) -> None:
    codes = [item.code for item in classes_of(room)]
    assert len(codes) == len(set(codes))
    assert all(code.split(".")[0] == room.split(".")[1] for code in codes)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", code) for code in codes)


@pytest.mark.parametrize("room", ROOMS)
def test_every_class_stands_in_the_drawn_tree(room: str) -> None:
    tree = importlib.import_module(room).__doc__ or ""
    assert [item.__name__ for item in classes_of(room) if item.__name__ not in tree] == []
