"""Every error has a code, a status, an exit code, and two sentences."""

from __future__ import annotations

import pytest

from madang.core import errors
from madang.core.errors import _Named


@pytest.mark.parametrize(
    ("kind", "status", "exit_code"),
    [
        (errors.Refused, 422, 1),
        (errors.Malformed, 400, 1),
        (errors.NotSignedIn, 401, 1),
        (errors.NotAllowed, 403, 1),
        (errors.NotFound, 404, 1),
        (errors.Conflict, 409, 1),
        (errors.WrongUsage, 400, 2),
        (errors.Unwell, 503, 3),
        (errors.MadangError, 500, 3),
    ],
)
def test_families_fix_status_and_exit_code(kind, status, exit_code):
    assert (kind.http_status, kind.exit_code) == (status, exit_code)
    assert kind().sentence("ko") != kind().sentence("en")


def test_sentence_is_filled_in_and_a_missing_field_never_raises():
    assert "because" in errors.Malformed(reason="because").sentence("en")
    assert "<reason>" in errors.Malformed().sentence("ko")


def test_an_amount_is_told_in_won_and_kept_in_microwon():
    short = _Named({"left_microwon": 2_000_000_500_000, "name": "v-1"})
    told = "%(name)s: %(left_won)s won, %(other_won)s"
    assert told % short == "v-1: 2,000,000.5 won, <other_won>"


def test_dictionary_has_the_place_apart_from_the_fields():
    told = errors.Malformed(reason="x", file="a.toml", line=3, field="kind").as_dict()
    assert (told["file"], told["line"], told["field"]) == ("a.toml", 3, "kind")
    assert told["code"] == "core.request.malformed"
    assert set(errors.NotFound().as_dict()) == set(told)


def test_error_reads_well_in_a_trace():
    assert str(errors.Unwell(reason="no disk")).startswith("core.platform.unwell: ")
