"""slurmrestd: what counts is the errors' number, not the HTTP status."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

from madang.compute.engines.slurm.settings import REST_VERSION, SlurmSettings
from madang.compute.engines.slurm.tokens import TokenMint
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell

JsonObject = dict[str, "JsonValue"]
JsonValue = str | int | float | bool | None | list["JsonValue"] | JsonObject
COMMUNICATION = range(1000, 2000)
"""Error numbers of Slurm that say nobody was reached, or nobody knows."""


class Rest:
    """Every request on a connection of its own, as the mapped user."""

    def __init__(self, settings: SlurmSettings) -> None:
        self._settings = settings
        self._mint = TokenMint(settings.jwt_key, settings.token_s)

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> JsonObject:
        """Raises EngineUnwell when nothing was sent, EngineUnclear when no answer came,
        EngineRefused with Slurm's own words."""
        site, user = self._settings.site, self._settings.user
        headers = {
            "X-SLURM-USER-NAME": user,
            "X-SLURM-USER-TOKEN": self._mint.token_for(user),
            "Content-Type": "application/json",
            "Connection": "close",
        }
        with closing(self._connected()) as connection:
            try:
                content = None if body is None else json.dumps(body)
                connection.request(method, f"/slurm/{REST_VERSION}/{path}", content, headers)
                read: JsonObject = json.loads(connection.getresponse().read())
            except (OSError, http.client.HTTPException, ValueError) as err:
                raise EngineUnclear(site=site, reason=f"{type(err).__name__} {err}") from err
        self._check(read)
        return read

    def _connected(self) -> http.client.HTTPConnection:
        """Connected before anything is sent: then a refusal to connect is no submission."""
        place = urlsplit(self._settings.address)
        fresh = http.client.HTTPConnection(
            place.hostname or "", place.port or 80, timeout=self._settings.timeout_s
        )
        try:
            fresh.connect()
        except OSError as err:
            raise EngineUnwell(site=self._settings.site, reason=str(err)) from err
        return fresh

    def _check(self, read: JsonObject) -> None:
        errors = read.get("errors")
        if not isinstance(errors, list) or not errors:
            return
        first = next((one for one in errors if isinstance(one, dict)), {})
        number = first.get("error_number") or first.get("error_code") or 0
        said = str(first.get("error") or first.get("description") or number)
        if isinstance(number, int) and number in COMMUNICATION:
            kind = EngineUnwell if "connect failure" in said else EngineUnclear
            raise kind(site=self._settings.site, reason=said)
        raise EngineRefused(site=self._settings.site, reason=f"{said} ({number})")
