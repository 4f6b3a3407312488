"""Every address of the hub, and what it may give of a set that is closed to its reader.

`Door.kind` says what stands behind an address:
bytes   files, or what was computed from them
names   what a set is called, and its files' names, sizes and digests
write   what only a set's writers may do
list    many sets at once: a hidden one must not be among them
apart   nothing of a set's contents, for the reason given
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

CODE, MARK, PATH = "hana/first", "MARKzq7hBgeheim", "secretly-named.csv"
LD_JSON = "application/json"


@dataclass(frozen=True)
class Ask:
    """One request; words in braces are filled in by the test."""

    path: str
    method: str = "GET"
    body: bytes = b""
    kind: str = LD_JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Door:
    kind: str
    asks: tuple[Ask, ...] = ()
    reason: str = ""


def door(kind: str, *asks: Ask | str) -> Door:
    return Door(kind, tuple(Ask(one) if isinstance(one, str) else one for one in asks))


def apart(reason: str) -> Door:
    return Door("apart", reason=reason)


def post(path: str, body: object, method: str = "POST") -> Ask:
    return Ask(path, method, json.dumps(body).encode())


API = f"/api/datasets/{CODE}"
REST = f"/api/v1/datahub/sets/{CODE}"
FILE = f"/datasets/{CODE}/resolve"
NAMES = ("main", "refs/heads/main", "refs%2Fheads%2Fmain", "{sha}", "{short}", "v1.0")
DRAFTS = ("{draft}", "later", "convert/parquet")
BUNDLE = {"paths": [PATH]}
OURS = "the plan's own rows, no file of a set"

HUB = {
    "hub_whoami": apart("the reader's own name"),
    "hub_create": apart("makes a set of one's own firm"),
    "hub_delete": door(
        "write", post("/api/repos/delete", {"name": "first", "organization": "hana"}, "DELETE")
    ),
    "hub_move": door(
        "write", post("/api/repos/move", {"fromRepo": CODE, "toRepo": "hana/other"})
    ),
    "hub_validate_yaml": apart("looks at what is sent, keeps nothing"),
    "hub_data_sets": door("list", "/api/datasets?search=first", "/api/datasets?author=hana"),
    "hub_info": door("names", API, f"{API}?blobs=true"),
    "hub_revision": door("names", *(f"{API}/revision/{one}" for one in NAMES)),
    "hub_tree": door("names", *(f"{API}/tree/{one}?recursive=true" for one in NAMES)),
    "hub_paths_info": door(
        "names",
        Ask(f"{API}/paths-info/main", "POST", f"paths={PATH}".encode(),
            "application/x-www-form-urlencoded"),
    ),
    "hub_refs": door("list", f"{API}/refs"),
    "hub_commits": door("names", *(f"{API}/commits/{one}" for one in ("main", "{sha}"))),
    "hub_auth_check": door("bytes", f"{API}/auth-check"),
    "hub_auth_write": door("write", f"{API}/auth-check/write"),
    "hub_settings": door(
        "write", post(f"{API}/settings", {"gated": False, "private": False}, "PUT")
    ),
    "hub_preupload": door("write", post(f"{API}/preupload/main", {"files": []})),
    "hub_commit": door("write", post(f"{API}/commit/main", {"key": "header", "value": {}})),
    "hub_branch": door("write", post(f"{API}/branch/mine", {"startingPoint": "{sha}"})),
    "hub_tag": door("write", post(f"{API}/tag/{{sha}}", {"tag": "mine"})),
    "hub_search": door("list", f"/api/data/search?q={MARK[:8]}", "/api/data/search?q=first"),
    "hub_dcat": door("list", "/api/data/catalogue.jsonld"),
    "hub_ckan": door(
        "list",
        *(f"/api/3/action/{one}" for one in (
            "package_list", "package_show?id=hana--first", "package_show?id={id}",
            "package_search?q=first", f"package_search?q={MARK[:8]}", "organization_list",
            "resource_show?id={id}.{sha1}",
        )),
    ),
    "hub_ckan_short": door("list", "/api/action/package_show?id=hana--first"),
    "hub_croissant": door("names", f"{API}/croissant", f"{API}/croissant?revision={{sha}}"),
    "hub_citation": door("names", f"{API}/citation"),
    "hub_rows": door(
        "bytes", *(f"{API}/rows?path={PATH}&revision={one}" for one in ("main", "{sha}", "1.0"))
    ),
    "hub_statistics": door("bytes", f"{API}/statistics", f"{API}/statistics?revision=1.0"),
    "hub_manifest": door("names", f"{API}/manifest/main", f"{API}/manifest/1.0"),
    "hub_blocks": door("bytes", f"{API}/blocks/main/{PATH}", f"{API}/blocks/{{sha}}/{PATH}"),
    "hub_bundle": door("bytes", post(f"{API}/bundle/main", BUNDLE),
                       post(f"{API}/bundle/{{sha}}", BUNDLE)),
    "hub_xet_token": door("write", f"{API}/xet-write-token/main"),
    "hub_xet_reading": door("bytes", *(f"{API}/xet-read-token/{one}" for one in NAMES)),
    "hub_resolve": door(
        "bytes",
        *(f"{FILE}/{one}/{PATH}" for one in (*NAMES, *DRAFTS)),
        Ask(f"{FILE}/main/{PATH}", "HEAD"),
        Ask(f"{FILE}/{{sha}}/{PATH}", "HEAD"),
        Ask(f"{FILE}/main/{PATH}", headers={"Range": "bytes=0-30"}),
        Ask(f"{FILE}/{{sha}}/{PATH}", headers={"Range": "bytes=3-"}),
    ),
    "hub_lfs_batch": door(
        "write",
        post(f"/datasets/{CODE}.git/info/lfs/objects/batch",
             {"objects": [{"oid": "{sha256}", "size": 1}]}),
    ),
    "hub_lfs_verify": door(
        "write", post(f"/datasets/{CODE}.git/info/lfs/verify", {"oid": "{sha256}", "size": 1})
    ),
    "hub_lfs_put": apart("writes, under a signature that only writers are given"),
    "hub_xorb": apart("writes, under a token that only writers are given"),
    "hub_shard": apart("writes, under a token that only writers are given"),
    "hub_reconstruction": door(
        "bytes",
        Ask("/hub/cas/v1/reconstructions/{xet}", headers={"Authorization": "Bearer {token}"}),
    ),
    "hub_run": door("bytes", Ask("{link}", headers={"Range": "{range}"})),
    "hub_cas_unknown": apart("answers 404 to everything"),
}  # fmt: skip

PAGES = {
    "data_set": door("names", f"/data/sets/{CODE}/"),
    "data_rows": door("bytes", f"/data/sets/{CODE}/rows/", f"/data/sets/{CODE}/rows/?q=a"),
    "data_file": door(
        "bytes", *(f"/data/sets/{CODE}/take/{one}/p.png" for one in ("main", "{short}", "v1.0"))
    ),
    "data_files": door(
        "names", f"/data/sets/{CODE}/files/", f"/data/sets/{CODE}/files/?version={{short}}",
        f"/data/sets/{CODE}/files/?version=v1.0",
    ),
    "data_desk": door("write", Ask(f"/data/sets/{CODE}/desk/")),
    "check_data": door("write", Ask(f"/data/sets/{CODE}/desk/check/", "POST")),
    "seal_data": door("write", Ask(f"/data/sets/{CODE}/desk/seal/", "POST")),
    "version_step": door("write", Ask("/data/versions/{version}/suspend/", "POST")),
    "check_waiver": door("write", Ask("/data/checks/{check}/waiver/ask/", "POST")),
    "data_set_short": door("list", f"/datasets/{CODE}"),
    "data_identifier": door("list", "/data/id/{id}", "/data/id/{version}"),
    "data_media": door("bytes", f"/data/sets/{CODE}/media/p.png",
                       f"/data/sets/{CODE}/media/s.wav"),
    "apply_for_data": apart("an application, which shows the set's own page"),
    "data_results": apart("the reader's own requests about a secure set; test_results"),
    "withdraw_results": apart("the requester's own step; test_results"),
    "take_result": apart("what was let out, to its requester; test_results"),
    "data_access": apart("applications and requests, no file of a set; test_results"),
    "decide_data_access": apart("needs the set's writers; test_results"),
    "data_result": apart("for the agency; its files go by take_result; test_results"),
    "decide_results": apart("for the agency; test_results"),
    "data_search": door("list", f"/data/search/?q={MARK[:8]}", "/data/search/?q=first"),
    "data_check": door("list", "/data/checks/{check}/"),
    **dict.fromkeys(
        (
            *("data_roadmap", "data_field", "data_surveys", "data_survey", "answer_survey"),
            *("data_demand", "comment_demand", "data_proposal", "comment_proposal"),
            *("data_planning", "plan_survey", "import_demands", "survey_step"),
            *("data_calling", "new_build_call", "set_data_goal"),
            *("arrange_demands", "hold_round", "answer_comment", "builder", "build_project"),
            *("build_project_step", "sign_build_terms", "amend_build_terms", "propose"),
            *("hand_in_delivery", "data_reviews", "data_review", "give_opinion"),
            *("accept_delivery", "return_delivery"),
        ),
        apart(OURS),
    ),
}  # fmt: skip

OPERATIONS = {
    "list_data_sets": door("list", "/api/v1/datahub/sets"),
    "show_data_set": door("names", REST),
    "list_quality_checks": door("list", f"{REST}/checks"),
    "ingest_uploads": door("write", post(f"{REST}/ingest", {"branch": "main"})),
    "seal_version": door("write", post(f"{REST}/versions", {"number": "9.9"})),
    "run_quality_check": door("write", post(f"{REST}/checks", {"targets": "x"})),
    "set_data_price": door("write", post(f"{REST}/price", {"offering": None}, "PUT")),
    "prepare_release": door(
        "write",
        post("/api/v1/datahub/versions/{version}/prepare", {"opens_on": "2026-03-03"}),
    ),
    "open_release": door("write", post("/api/v1/datahub/versions/{version}/open", {})),
    "move_release": door(
        "write",
        post("/api/v1/datahub/versions/{version}/release-step",
             {"step": "suspend", "reason": "x"}),
    ),
    "recall_version": door(
        "write", post("/api/v1/datahub/versions/{version}/recall", {"reason": "x"})
    ),
    "rerun_quality_check": door("write", post("/api/v1/datahub/checks/{check}/rerun", {})),
    "ask_waiver": door(
        "write", post("/api/v1/datahub/checks/{check}/waiver", {"reason": "x"})
    ),
    "sign_waiver": door("write", post("/api/v1/datahub/checks/{check}/waiver/sign", {})),
    "apply_for_access": apart("an application of the reader"),
    "list_access_requests": apart("the reader's own applications"),
    "list_result_exports": apart("the reader's own requests; test_results"),
    "ask_result_export": apart("a request of the reader out of a room; test_results"),
    "decide_result_export": apart("needs the agency, or withdraws one's own; test_results"),
    "take_result_file": apart("what was let out, to its requester; test_results"),
    "decide_access": apart("needs the set's writers; held by test_releases"),
    **dict.fromkeys(
        (
            *("create_survey", "list_demands", "submit_demand", "import_demands"),
            *("move_survey", "merge_demands", "split_demand", "decide_demand", "show_roadmap"),
            *("set_build_goal", "settle_build_goal", "list_build_projects"),
            *("contract_build_project", "move_build_project", "offer_build"),
            *("show_build_offer", "save_proposal", "show_proposal", "list_proposals"),
            *("hold_round", "submit_comment", "list_comments", "answer_comment"),
            *("list_build_terms", "propose_build_terms", "sign_build_terms"),
            *("withdraw_build_terms", "list_build_deliveries", "hand_in_delivery"),
            *("accept_delivery", "return_delivery", "give_sample_opinion"),
        ),
        apart(OURS),
    ),
}  # fmt: skip
