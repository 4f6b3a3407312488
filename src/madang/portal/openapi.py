"""The API's description, in which every schema keeps its own fields.

Rooms name their schemas without looking at each other: there is a `DecideIn` of cases and one
of appeals. django-ninja files them all under the bare name, so that the last one would hide
the others. Here a name that is taken by other content gets the noun before it, and where that
does not tell them apart the room.
"""

from __future__ import annotations

import json
from typing import TypeAlias, cast

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.params.models import TModel
from pydantic.json_schema import JsonSchemaMode

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"
Definitions: TypeAlias = dict[str, Plain]
PREFIX = "#/components/schemas/"


class OwnNamesSchema(OpenAPISchema):
    """django-ninja's description with one name for one schema."""

    def __init__(self, api: NinjaAPI, path_prefix: str) -> None:
        self._module = ""
        self._here: Definitions = {}
        self._prints: dict[str, str] = {}
        super().__init__(api, path_prefix)

    def operation_details(self, operation: Operation) -> dict[str, Plain]:
        self._module = operation.view_func.__module__
        return cast("dict[str, Plain]", super().operation_details(operation))

    def operation_parameters(self, operation: Operation) -> list[dict[str, Plain]]:
        self._here = {}
        found = super().operation_parameters(operation)
        return cast("list[dict[str, Plain]]", self._filed(cast(Plain, found)))

    def _create_schema_from_model(
        self,
        model: TModel,
        by_alias: bool = True,
        remove_level: bool = True,
        mode: JsonSchemaMode = "validation",
    ) -> tuple[dict[str, Plain], bool]:
        self._here = {}
        schema, is_required = super()._create_schema_from_model(
            model, by_alias, remove_level, mode
        )
        return cast("dict[str, Plain]", self._filed(schema)), is_required

    def add_schema_definitions(self, definitions: dict[str, Plain]) -> None:
        """Only kept here; `_filed` gives them their names."""
        self._here.update(definitions)

    def _filed(self, schema: Plain) -> Plain:
        """File what this operation brought along, and point the schema at it."""
        names = {name: self._name_for(name) for name in self._here}
        for name, content in self._here.items():
            self.schemas[names[name]] = _pointed(content, names)
        return _pointed(schema, names)

    def _name_for(self, name: str) -> str:
        printed = _print(self._here[name], self._here, frozenset({name}))
        *_, room, noun, _ = ["", *self._module.split(".")]
        own = "".join(part.title() for part in noun.split("_"))
        for candidate in (name, own + name, room.title() + own + name):
            if self._prints.setdefault(candidate, printed) == printed:
                return candidate
        number = 2
        while self._prints.setdefault(f"{own}{name}{number}", printed) != printed:
            number += 1
        return f"{own}{name}{number}"


def _pointed(value: Plain, names: dict[str, str]) -> Plain:
    """The same with its references under their names."""
    if isinstance(value, list):
        return [_pointed(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _pointed(one, names) for key, one in value.items()}
    at = value.get("$ref")
    if isinstance(at, str) and at.startswith(PREFIX):
        name = at.removeprefix(PREFIX)
        found["$ref"] = PREFIX + names.get(name, name)
    return found


def _print(value: Plain, around: Definitions, seen: frozenset[str]) -> str:
    """What a schema says, all it points to included."""
    return json.dumps(_inlined(value, around, seen), sort_keys=True)


def _inlined(value: Plain, around: Definitions, seen: frozenset[str]) -> Plain:
    if isinstance(value, list):
        return [_inlined(one, around, seen) for one in value]
    if not isinstance(value, dict):
        return value
    at = value.get("$ref")
    name = at.removeprefix(PREFIX) if isinstance(at, str) else ""
    if name in around and name not in seen:
        return _inlined(around[name], around, seen | {name})
    return {key: _inlined(one, around, seen) for key, one in value.items()}
