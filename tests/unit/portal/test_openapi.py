"""The description tells every operation's own fields, also where rooms use one name twice."""

from __future__ import annotations

import re

import pytest

CONVERTER = re.compile(r"\{\w+:(\w+)\}")
PREFIX = "#/components/schemas/"


@pytest.fixture(scope="module")
def described():
    from madang.portal.rest import api

    return api.get_openapi_schema(path_prefix="/api/v1/")


def body_fields(described, path: str, method: str = "post") -> set[str]:
    content = described["paths"][f"/api/v1{path}"][method]["requestBody"]["content"]
    named = content["application/json"]["schema"]["$ref"].removeprefix(PREFIX)
    return set(described["components"]["schemas"][named]["properties"])


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/bank/imports", {"programme", "year", "text"}),
        ("/cases/{case_id}/decide", {"principal_microwon", "reason"}),
        ("/appeals/{appeal_id}/decide", {"upheld", "reason"}),
        ("/assignments/{assignment_id}/pledge", {"has_conflict", "text_sha256", "reason"}),
        ("/applications/{application_id}/return", {"reason", "due_at"}),
        ("/applications/{application_id}/appeals", {"ground", "text"}),
        ("/refunds/{refund_id}/collect", {"by", "amount_microwon", "collection"}),
        ("/milestones/{milestone_id}/submit", {"documents"}),
    ],
)
def test_body_of_an_operation_is_its_own(described, path, fields) -> None:
    assert body_fields(described, path) == fields


def test_every_operations_body_and_answer_are_those_of_its_models(described) -> None:
    """What the description points to is what the code reads, for all operations."""
    from madang.portal.rest import api

    looked = 0
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                place = CONVERTER.sub(
                    r"{\1}", "/".join(part for part in (prefix, path) if part)
                )
                for model in operation.models:
                    fields = getattr(model, "model_fields", {})
                    if model.__ninja_param_source__ != "body" or len(fields) != 1:
                        continue
                    (field,) = fields.values()
                    wanted = getattr(field.annotation, "model_fields", None)
                    if wanted is None:
                        continue
                    method = operation.methods[0].lower()
                    shown = body_fields(described, place, method)
                    names = {one.alias or name for name, one in wanted.items()}
                    assert shown == names, (method, place)
                    looked += 1
    assert looked > 100


def test_references_lead_somewhere(described) -> None:
    schemas, wanted = described["components"]["schemas"], set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                wanted.add(value["$ref"].removeprefix(PREFIX))
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(described["paths"])
    walk(schemas)
    assert wanted - set(schemas) == set()
    assert "DecideIn" in schemas
    assert "CasesDecideIn" in schemas
