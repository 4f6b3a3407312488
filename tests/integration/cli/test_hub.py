"""`madang hub` on an installation of its own: importing, converting, collecting."""

from __future__ import annotations

import json

FIRM = """
[[organisation]]
code = "hana"
name = { ko = "하나", en = "Hana" }
kind = "sme"
"""


def test_packages_are_imported_tables_converted_and_the_store_collected(house, tmp_path):
    """One walk, since each command opens the installation anew."""
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "a.csv").write_text("글,n\n가,1\n", encoding="utf-8")
    declared = '[[dataset]]\ncode = "hana/made"\nfield = "other"\nlicence = "KOGL-1"\n'
    done = house.apply(f'{FIRM}{declared}access = "open"\npath = "{folder}"\n')
    assert done.code == 0, done.errors
    dump = tmp_path / "dump.jsonl"
    packages = [{"name": f"set-{n}", "title": f"자료 {n}"} for n in range(3)]
    dump.write_text("".join(json.dumps(one) + "\n" for one in packages), encoding="utf-8")
    done = house.madang("hub", "import-ckan", str(dump), "--organisation", "hana")
    assert (done.code, done.data["made"], done.data["known"]) == (0, 3, 0)
    again = house.madang("hub", "import-ckan", str(dump), "--organisation", "hana")
    assert (again.data["made"], again.data["known"]) == (0, 3)
    dump.write_text("[]\n")
    refused = house.madang("hub", "import-ckan", str(dump), "--organisation", "hana")
    assert (refused.code, refused.error["code"]) == (1, "datahub.import.malformed")
    assert refused.error["line"] == 1
    done = house.madang("hub", "convert", "hana/made")
    assert (done.code, done.data["files"], done.data["branch"]) == (0, 1, "convert/parquet")
    assert house.madang("hub", "convert", "hana/none").code == 1
    done = house.madang("hub", "ingest", "hana/made")
    assert (done.code, done.data["files"]) == (0, 1)
    (folder / "b.csv").write_text("글,n\n나,2\n", encoding="utf-8")
    done = house.madang("hub", "take", "hana/made", str(folder))
    assert (done.code, done.data["files"], done.data["changed"]) == (0, 2, True), done.errors
    done = house.madang("hub", "take", "hana/made", str(folder))
    assert (done.data["files"], done.data["changed"]) == (2, False)
    done = house.madang("hub", "gc", "--dry-run")
    assert (done.code, done.data["dry_run"], done.data["contents"]) == (0, True, 0)
    assert house.madang("hub", "gc").data["packs_deleted"] == 0
