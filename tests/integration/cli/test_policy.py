"""`madang policy` against a real database: shown, changed, unchanged, refused."""

from __future__ import annotations


def change(house, text: str, *words: str, kind: str = "review"):
    path = house.data / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return house.madang("policy", "change", kind, str(path), *words)


def test_policy_changes_by_new_versions_and_never_twice(house) -> None:
    assert house.madang("policy", "show", "review").data["version"] == 1
    first = change(house, "panel = 9\n")
    assert (first.code, first.data["outcome"], first.data["version"]) == (0, "created", 2)
    assert change(house, "panel = 9\n").data["outcome"] == "unchanged"
    shown = house.madang("policy", "show", "review").data
    assert (shown["version"], shown["data"]["panel"]) == (2, 9)
    assert [one["version"] for one in shown["versions"]] == [1, 2]


def test_wrong_policy_is_refused_by_name(house) -> None:
    wrong = {
        "luck = 1\n": "parties.field.invalid",
        'panel = "seven"\n': "parties.field.invalid",
        "panel =\n": "core.request.malformed",
    }
    for text, code in wrong.items():
        told = change(house, text)
        assert (told.code, told.error["code"]) == (1, code)
    unknown = change(house, "a = 1\n", kind="weather")
    assert unknown.error["code"] == "parties.policy.unknown"
