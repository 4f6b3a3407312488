"""The portal's API as a stranger uses it: operations by name, from the published document."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from uuid import uuid4

import httpx

from madang.cli.walk.errors import StepRefused

TIMEOUT_S = 60.0
JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]
Body = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    path_names: tuple[str, ...]
    query_names: tuple[str, ...]


class Portal:
    """One person's door to the API; without a token, the public's."""

    def __init__(self, url: str, token: str, operations: dict[str, Operation]) -> None:
        self._operations = operations
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    def call(self, operation: str, body: Body | None = None, **places: str | int) -> Body:
        """Call an operation by its id. Raises StepRefused with the portal's own code."""
        answer = self._send(operation, body, places)
        assert isinstance(answer, dict), operation
        return answer

    def rows(self, operation: str, **places: str | int) -> list[Body]:
        """A listing: its rows, as they are or inside `items`."""
        answer = self._send(operation, None, places)
        found = answer.get("items", []) if isinstance(answer, dict) else answer
        assert isinstance(found, list), operation
        return [row for row in found if isinstance(row, dict)]

    def _send(
        self, operation: str, body: Body | None, places: dict[str, str | int]
    ) -> JsonValue:
        known = self._operations[operation]
        path = known.path
        for name in known.path_names:
            path = path.replace(f"{{{name}}}", quote(str(places[name]), safe=""))
        query = {name: places[name] for name in known.query_names if name in places}
        response = self._client.request(
            known.method,
            path,
            json=body if known.method != "GET" else None,
            params=query,
            headers={"Idempotency-Key": str(uuid4())},
        )
        answer: JsonValue = response.json() if response.content else None
        if response.is_error:
            raise refusal_of(operation, response.status_code, answer)
        return answer


def refusal_of(operation: str, status: int, answer: JsonValue) -> StepRefused:
    told = answer if isinstance(answer, dict) else {}
    detail = str(told.get("detail") or told)
    return StepRefused(operation=operation, status=status, said=f"{told.get('code')}: {detail}")


def operations_of(url: str) -> dict[str, Operation]:
    """All operations of the API, by id, as its OpenAPI document lists them."""
    document = httpx.get(
        f"{url}/api/v1/openapi.json", timeout=TIMEOUT_S, trust_env=False
    ).json()
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            given = operation.get("parameters", [])
            found[operation["operationId"]] = Operation(
                method.upper(),
                path,
                tuple(one["name"] for one in given if one["in"] == "path"),
                tuple(one["name"] for one in given if one["in"] == "query"),
            )
    return found
