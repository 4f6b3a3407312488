"""`madang apply` against a real database: once, again, changed, wrong, and by two people."""

from __future__ import annotations

import pytest

PEOPLE = """
[[organisation]]
code = "agency"
name = { ko = "운영기관", en = "Agency" }
kind = "public"

[[person]]
email = "ann@agency.example"
organisation = "agency"
roles = ["operator"]

[[person]]
email = "bob@agency.example"
organisation = "agency"
roles = ["operator"]

[[person]]
email = "eve@agency.example"
organisation = "agency"
roles = ["auditor"]

[[supplier]]
code = "nuri"
name = { ko = "누리모델", en = "Nuri Models" }
"""
OFFERING = """
[[offering]]
code = "nuri/one"
supplier = "nuri"
meter = "delivery"
  [[offering.price]]
  unit = "request"
  won_each = "1400"
  valid_from = "2026-01-01T00:00:00+09:00"
"""


@pytest.fixture(scope="module", autouse=True)
def first_answer(house):
    return house.apply(PEOPLE)


def test_first_apply_creates_and_the_second_changes_nothing(house, first_answer):
    first = first_answer
    assert first.code == 0, first.errors
    assert "supplier:nuri" in first.data["created"]
    assert first.data["changed"] == first.data["unchanged"] == []
    again = house.apply(PEOPLE)
    assert again.data["created"] == again.data["changed"] == []
    assert sorted(again.data["unchanged"]) == sorted(first.data["created"])


def test_changed_name_is_changed_and_everything_else_is_not(house):
    changed = house.apply(PEOPLE.replace("Nuri Models", "Nuri AI"))
    assert changed.data["changed"] == ["supplier:nuri"]
    assert changed.data["created"] == []
    house.apply(PEOPLE)


def test_wrong_row_at_the_end_leaves_nothing_of_the_rows_before_it(house):
    half = PEOPLE + '\n[[organisation]]\ncode="new-one"\nname={ko="가",en="A"}\nkind="sme"\n'
    wrong = half + '\n[[offering]]\ncode = "x/y"\nsupplier = "nobody"\nmeter = "delivery"\n'
    refused = house.apply(wrong)
    assert refused.code == 1
    error = refused.error
    assert error["code"] == "parties.party.unknown"
    assert (error["field"], error["file"]) == ("supplier", str(house.data / "declared.toml"))
    assert error["line"] == wrong[: wrong.index('supplier = "nobody"')].count("\n") + 1
    assert "organisation:new-one" in house.apply(half).data["created"]


def test_secret_in_a_file_is_refused_outside_test_mode(house):
    text = PEOPLE.replace('roles = ["auditor"]', 'roles = ["auditor"]\ntoken = "mdp_x"')
    refused = house.apply(text, test_mode=False)
    assert refused.code == 1
    assert refused.error["code"] == "parties.secret.only_in_test_mode"
    assert refused.error["field"] == "token"


def test_price_takes_effect_only_after_a_second_person_approved(house):
    assert house.apply(OFFERING, test_mode=False).error["code"] == (
        "cli.declaration.person_needed"
    )
    proposed = house.apply(OFFERING, "--as", "ann@agency.example", test_mode=False)
    assert proposed.code == 0
    assert proposed.data["created"] == []
    digest = proposed.data["pending"]["digest"]

    def approve(name: str, reference: str = digest):
        words = ("apply", "approve", reference, "--as", f"{name}@agency.example")
        return house.madang(*words, test_mode=False)

    assert approve("ann").error["code"] == "parties.approval.same_person"
    assert approve("eve").error["code"] == "core.request.not_allowed"
    assert approve("nobody").error["code"] == "cli.person.unknown"
    assert approve("bob", "0" * 64).error["code"] == "cli.declaration.pending_unknown"
    approved = approve("bob", digest[:16])
    assert approved.data["created"] == ["offering:nuri/one"]
    assert approve("bob").error["code"] == "cli.declaration.pending_unknown"
    unchanged = house.apply(OFFERING, test_mode=False)
    assert unchanged.data["unchanged"] == ["offering:nuri/one"]


def test_altered_text_does_not_pass_for_what_was_proposed(house):
    text = OFFERING.replace("nuri/one", "nuri/two")
    proposed = house.apply(text, "--as", "ann@agency.example", test_mode=False)
    digest = proposed.data["pending"]["digest"]
    path = house.data / "pending" / f"{digest}.json"
    path.write_text(path.read_text().replace("1400", "9400"))
    words = ("apply", "approve", digest, "--as", "bob@agency.example")
    refused = house.madang(*words, test_mode=False)
    assert refused.error["code"] == "cli.declaration.pending_altered"


def test_price_again_with_another_amount_is_refused_where_it_stands(house):
    house.apply(OFFERING)
    refused = house.apply(OFFERING.replace("1400", "1500"))
    assert refused.code == 1
    assert refused.error["code"] == "offering.price.exists_with_different_amount"
    assert refused.error["field"] == "price[0]"
    assert refused.error["line"] == 6


def test_unit_priced_the_wrong_way_is_refused(house):
    wrong = OFFERING.replace("request", "token.in").replace("nuri/one", "nuri/three")
    assert house.apply(wrong).error["field"] == "price[0].won_each"
    neither = OFFERING.replace('won_each = "1400"', "").replace("nuri/one", "nuri/three")
    assert house.apply(neither).error["code"] == "cli.declaration.value_wrong"


def test_declared_data_set_takes_in_its_folder_once(house, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.csv").write_text("이름,값\n가,1\n", encoding="utf-8")
    text = f"""
[[dataset]]
code = "agency/words"
field = "speech-language"
licence = "KOGL-1"
access = "open"
path = "{folder}"
"""
    first = house.apply(text)
    assert first.code == 0, first.errors
    assert first.data["created"] == ["dataset:agency/words"]
    assert house.apply(text).data["unchanged"] == ["dataset:agency/words"]
    (folder / "b.csv").write_text("x\n", encoding="utf-8")
    assert house.apply(text).data["changed"] == ["dataset:agency/words"]
    refused = house.apply(text.replace(str(folder), f"{folder}-gone"))
    assert refused.code == 1
    assert refused.data["error"]["code"] == "datahub.folder.unreadable"
    assert refused.data["error"]["field"] == "path"
