"""Addresses as Hugging Face clients write them. A data set is `org/name`."""

from __future__ import annotations

from django.urls import path, register_converter

from madang.datahub.hub import (
    ckan,
    describing,
    getting,
    lfs,
    reading,
    writing,
    xet,
    xet_reading,
)


class RepoConverter:
    """`org/name`, as one argument."""

    regex = "[^/]+/[^/]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(RepoConverter, "repo")
API = "api/datasets/<repo:code>"

urlpatterns = [
    path("api/whoami-v2", reading.whoami, name="hub_whoami"),
    path("api/repos/create", writing.create, name="hub_create"),
    path("api/repos/delete", writing.kept, name="hub_delete"),
    path("api/repos/move", writing.kept, name="hub_move"),
    path("api/validate-yaml", writing.validate_yaml, name="hub_validate_yaml"),
    path("api/datasets", reading.data_sets, name="hub_data_sets"),
    path(API, reading.info, name="hub_info"),
    path(API + "/revision/<path:rest>", reading.info, name="hub_revision"),
    path(API + "/tree/<path:rest>", reading.tree, name="hub_tree"),
    path(API + "/paths-info/<path:rest>", reading.paths_info, name="hub_paths_info"),
    path(API + "/refs", reading.refs, name="hub_refs"),
    path(API + "/commits/<path:rest>", reading.commits, name="hub_commits"),
    path(API + "/auth-check", reading.auth_check, name="hub_auth_check"),
    path(API + "/auth-check/write", reading.auth_write, name="hub_auth_write"),
    path(API + "/settings", writing.settings, name="hub_settings"),
    path(API + "/preupload/<path:rest>", writing.preupload, name="hub_preupload"),
    path(API + "/commit/<path:rest>", writing.commit_files, name="hub_commit"),
    path(API + "/branch/<path:name>", writing.branch, name="hub_branch"),
    path(API + "/tag/<path:name>", writing.tag, name="hub_tag"),
    path("api/data/search", describing.searched, name="hub_search"),
    path("api/data/catalogue.jsonld", describing.dcat, name="hub_dcat"),
    path("api/3/action/<str:name>", ckan.action, name="hub_ckan"),
    path("api/action/<str:name>", ckan.action, name="hub_ckan_short"),
    path(API + "/croissant", describing.croissant_of, name="hub_croissant"),
    path(API + "/citation", describing.citation, name="hub_citation"),
    path(API + "/rows", describing.rows, name="hub_rows"),
    path(API + "/statistics", describing.statistics, name="hub_statistics"),
    path(API + "/manifest/<path:rest>", getting.manifest, name="hub_manifest"),
    path(API + "/blocks/<path:rest>", getting.blocks, name="hub_blocks"),
    path(API + "/bundle/<path:rest>", getting.bundle, name="hub_bundle"),
    path(API + "/xet-write-token/<path:rest>", xet.write_token, name="hub_xet_token"),
    path(API + "/xet-read-token/<path:rest>", xet_reading.read_token, name="hub_xet_reading"),
    path("datasets/<repo:code>/resolve/<path:rest>", reading.resolve, name="hub_resolve"),
    path("datasets/<repo:code>.git/info/lfs/objects/batch", lfs.batch, name="hub_lfs_batch"),
    path("datasets/<repo:code>.git/info/lfs/verify", lfs.verify, name="hub_lfs_verify"),
    path("hub/lfs/<str:link>", lfs.put, name="hub_lfs_put"),
    path("hub/cas/v1/xorbs/default/<str:name>", xet.xorb, name="hub_xorb"),
    path("hub/cas/v<int:version>/shards", xet.shard, name="hub_shard"),
    path(
        "hub/cas/v<int:version>/reconstructions/<str:name>",
        xet_reading.reconstruction,
        name="hub_reconstruction",
    ),
    path("hub/runs/<str:link>", xet_reading.run_bytes, name="hub_run"),
    path("hub/cas/<path:rest>", xet.unknown, name="hub_cas_unknown"),
]
