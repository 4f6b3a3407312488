"""Calls of an unmodified mlcroissant and ckanapi. Prints one JSON line."""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys

import ckanapi
import mlcroissant as mlc

HUB, SET = os.environ["HF_ENDPOINT"], sys.argv[1]
logged: list[str] = []


class Kept(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        logged.append(record.getMessage())


def validated() -> bool:
    """No error and no warning, log lines included."""
    found = mlc.Dataset(jsonld=f"{HUB}/api/datasets/{SET}/croissant")
    issues = found.metadata.ctx.issues
    if issues.errors or issues.warnings or logged:
        raise AssertionError([*issues.errors, *issues.warnings, *logged])
    return found.metadata.version == "1.0"


def records() -> bool:
    """A record of each table, read out of files whose SHA-256 the library checks."""
    found = mlc.Dataset(jsonld=f"{HUB}/api/datasets/{SET}/croissant")
    for one in found.metadata.record_sets:
        (first,) = itertools.islice(found.records(one.uuid), 1)
        if not first or any(value is None for value in first.values()):
            raise AssertionError({one.name: first})
    return len(found.metadata.record_sets) >= 3


def rai() -> bool:
    found = mlc.Dataset(jsonld=f"{HUB}/api/datasets/{SET}/croissant")
    return str(found.metadata.data_collection) == "사람이 적은 문장을 모음"


ckan = ckanapi.RemoteCKAN(HUB)
NAME = SET.replace("/", "--")


def unknown() -> bool:
    try:
        ckan.action.package_show(id="none")
    except ckanapi.NotFound:
        return True
    return False


def unwritable() -> bool:
    try:
        ckan.action.package_create(name="x")
    except ckanapi.CKANAPIError:
        return True
    return False


def resource() -> bool:
    package = ckan.action.package_show(id=NAME)
    first = package["resources"][0]
    return ckan.action.resource_show(id=first["id"]) == first and first["hash"][:7] == "sha256:"


CALLS = {
    "mlcroissant validates": validated,
    "mlcroissant records": records,
    "mlcroissant RAI": rai,
    "ckanapi package_list": lambda: NAME in ckan.action.package_list(),
    "ckanapi package_show": lambda: ckan.action.package_show(id=NAME)["version"] == "1.0",
    "ckanapi package_search": lambda: (
        ckan.action.package_search(q="문장", rows=5)["results"][0]["name"] == NAME
    ),
    "ckanapi resource_show": resource,
    "ckanapi organization_list": lambda: "hana" in ckan.action.organization_list(),
    "ckanapi site_read": lambda: ckan.action.site_read() is True,
    "ckanapi unknown": unknown,
    "ckanapi write": unwritable,
}


def main() -> None:
    logging.getLogger().addHandler(Kept(logging.WARNING))
    told = {}
    for name, call in CALLS.items():
        try:
            told[name] = bool(call())
        except Exception as error:  # noqa: BLE001  told by name, so that all calls are made
            told[name] = f"{type(error).__name__}: {error}"[:600]
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
