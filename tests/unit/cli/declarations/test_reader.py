"""What a declaration may say, and how a wrong one is refused: file, line, field."""

from __future__ import annotations

import pytest

from madang.cli.declarations.reader import Source, name_of, read, read_source
from madang.core.errors import Malformed, NotFound

GOOD = """
[[organisation]]
code = "hana-robotics"
name = { ko = "하나로보틱스", en = "Hana Robotics" }
kind = "sme"

[[offering]]
code = "nuri/smollm2-135m"
supplier = "nuri"
meter = "model"
  [[offering.price]]
  unit = "token.in"
  won_per_million = "1400"
  valid_from = "2026-01-01T00:00:00+09:00"

[[voucher]]
code = "v-hana"
programme = "api-voucher"
organisation = "hana-robotics"
subsidy_won = 1_000_000
expires_on = "2026-12-31"
offerings = ["nuri/*"]
"""


def refused(text: str) -> Malformed:
    with pytest.raises(Malformed) as caught:
        read([Source("some.toml", text)])
    return caught.value


def test_tables_come_in_the_order_in_which_they_depend_on_each_other():
    names = [name_of(one) for one in read([Source("a", GOOD)])]
    assert names == [
        "organisation:hana-robotics",
        "offering:nuri/smollm2-135m",
        "voucher:v-hana",
    ]


REFUSALS = [
    # what is changed, to what, code, line, field
    ('kind = "sme"', "kind = 3", "value_wrong", 5, "kind"),
    ('kind = "sme"', 'kidn = "sme"', "field_unknown", 5, "kidn"),
    ('code = "hana-robotics"\n', "", "field_missing", 2, "code"),
    ('en = "Hana Robotics"', "en = 1", "value_wrong", 4, "name.en"),
    ('"1400"', "1400", "value_wrong", 13, "price[0].won_per_million"),
    ('"1400"', '"1.1234567"', "value_wrong", 13, "price[0].won_per_million"),
    ('"1400"', '"1e3"', "value_wrong", 13, "price[0].won_per_million"),
    ('"1400"', '"-1"', "value_wrong", 13, "price[0].won_per_million"),
    ("+09:00", "", "value_wrong", 14, "price[0].valid_from"),
    ('unit = "token.in"', 'unti = "token.in"', "field_unknown", 12, "price[0].unti"),
    ("1_000_000", "1.5", "value_wrong", 20, "subsidy_won"),
    ("1_000_000", "true", "value_wrong", 20, "subsidy_won"),
    ("1_000_000", "-1", "value_wrong", 20, "subsidy_won"),
    ("1_000_000", "'1000000'", "value_wrong", 20, "subsidy_won"),
    ('"2026-12-31"', '"2026-13-31"', "value_wrong", 21, "expires_on"),
    ('["nuri/*"]', '["nuri/*", 3]', "value_wrong", 22, "offerings[1]"),
    ("[[voucher]]", "[[vuocher]]", "table_unknown", 16, None),
    ("[[voucher]]", "[voucher]", "value_wrong", 16, "voucher"),
    ('code = "v-hana"', 'code = "v hana"', "value_wrong", 17, "code"),
    ('code = "v-hana"', 'code = "v-hana', "unreadable", 17, None),
    ('code = "v-hana"', 'code = "v-hana"\ncode = "again"', "unreadable", 18, None),
]


@pytest.mark.parametrize(("old", "new", "code", "line", "field"), REFUSALS)
def test_wrong_declaration_names_file_line_and_field(old, new, code, line, field):
    assert GOOD.count(old) >= 1
    error = refused(GOOD.replace(old, new, 1)).as_dict()
    assert error["code"] == f"cli.declaration.{code}"
    assert (error["file"], error["line"], error["field"]) == ("some.toml", line, field)
    assert "<" not in error["message"] + error["message_ko"]


def test_one_thing_declared_twice_is_refused():
    twice = GOOD + '\n[[supplier]]\ncode = "s"\nname = {ko = "a", en = "b"}\n' * 2
    assert refused(twice).code == "cli.declaration.twice"


def test_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    binary = tmp_path / "x.toml"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "none.toml", binary, tmp_path):
        with pytest.raises(Malformed) as caught:
            read_source(path)
        assert caught.value.as_dict()["file"] == str(path)


def test_refusal_of_a_lower_room_gets_its_place():
    one = read([Source("a.toml", GOOD)])[1]
    error = one.placed(NotFound(field="price[0].unit")).as_dict()
    assert (error["file"], error["line"], error["field"]) == ("a.toml", 12, "price[0].unit")
    error = one.placed(NotFound()).as_dict()
    assert (error["file"], error["line"], error["field"]) == ("a.toml", 7, None)


CALL = """
[[call]]
code = "c-1"
programme = "api-voucher"
opens_at = "2026-03-03T09:00:00+09:00"
closes_at = "2026-03-24T15:00:00+09:00"
budget_won = 1_000_000
criteria = [{ code = "plan", weight = 1 }]
panel = 3
quorum = 3
appeal_days = 7
auto_approve_won_max = 300_000
eligibility = [{ code = "young", kind = "years_since", name = "established_on", at_most = 7 }]
[[call.bonuses]]
code = "b"
points_milli = 500
when = { code = "r", kind = "region", any_of = ["전남"] }
"""


def test_call_may_bring_its_rules_and_bonuses():
    (one,) = read([Source("a", CALL)])
    assert one.value.eligibility[0]["at_most"] == 7
    assert one.value.bonuses[0]["when"]["any_of"] == ["전남"]
    assert (one.value.appeal_days, one.value.supplier_consent) == (7, None)


def test_call_with_an_unknown_word_for_the_supplier_is_refused():
    refused(CALL.replace("appeal_days = 7", 'supplier_consent = "perhaps"'))
