"""slurmrestd: what counts is the errors' number, not the HTTP status."""

from __future__ import annotations

import errno
import json
import os
import select
import time
import weakref
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from madang.compute.engines.slurm.settings import REST_VERSION, SlurmSettings
from madang.compute.engines.slurm.tokens import TokenMint
from madang.compute.engines.slurm.wire import NoAnswer, Wire
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell

JsonObject = dict[str, "JsonValue"]
JsonValue = str | int | float | bool | None | list["JsonValue"] | JsonObject
COMMUNICATION = range(1000, 2000)
"""Error numbers of Slurm that say nobody was reached, or nobody knows."""
SYSTEM = range(1, 1000)
"""Numbers of the system under slurmrestd (EAGAIN, ETIMEDOUT): they say what became of its own
call, and of a submission neither yes nor no."""
OF_THE_REQUEST = frozenset({
    errno.EPERM, errno.ENOENT, errno.E2BIG, errno.EACCES, errno.EINVAL, errno.ENAMETOOLONG,
    errno.EOPNOTSUPP,
})  # fmt: skip
"""Those of them that say what is wrong with what was asked, however often it is asked again."""


_Kept = deque[tuple[int, float, Wire]]
"""The process whose each is, and when it was used last."""
CONNECTIONS_KEPT = 8
IDLE_S_MAX = 1.0
"""What nobody used for longer is opened anew: somewhere between it may have been forgotten."""


class Rest:
    """Every request as the mapped user, on a connection that nobody else uses meanwhile: on
    one that was kept, or on a fresh one. Opening it costs slurmrestd a third of a request."""

    def __init__(self, settings: SlurmSettings) -> None:
        self._settings = settings
        self._mint = TokenMint(settings.jwt_key, settings.token_s)
        self._kept: _Kept = deque()
        weakref.finalize(self, _close_all, self._kept)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        user: str = "",
    ) -> JsonObject:
        """As a grant's user, or the site's own. Raises EngineUnwell when nothing was sent,
        EngineUnclear when no answer came, EngineRefused with Slurm's own words."""
        site, user = self._settings.site, user or self._settings.user
        headers = {
            "X-SLURM-USER-NAME": user,
            "X-SLURM-USER-TOKEN": self._mint.token_for(user),
            "Content-Type": "application/json",
        }
        connection = self._connected()
        try:
            content = None if body is None else json.dumps(body)
            answer = connection.ask(method, f"/slurm/{REST_VERSION}/{path}", headers, content)
            read = _object_in(answer)
        except (OSError, NoAnswer, ValueError) as err:
            connection.close()
            raise EngineUnclear(site=site, reason=f"{type(err).__name__} {err}") from err
        self._keep(connection)
        self._check(read, is_read=method == "GET")
        return read

    def _connected(self) -> Wire:
        """Connected before anything is sent: then a refusal to connect is no submission. One
        that was kept is still open, so that a restart of slurmrestd costs no answer."""
        while (found := _taken(self._kept)) is not None:
            process, used_s, kept = found
            is_ours = process == os.getpid()  # else two would read each other's answers
            if is_ours and time.monotonic() - used_s < IDLE_S_MAX and _is_open(kept):
                return kept
            kept.close()
        return self._fresh()

    def _keep(self, connection: Wire) -> None:
        """Its answer was read whole."""
        if not connection.is_kept or len(self._kept) >= CONNECTIONS_KEPT:
            connection.close()
        else:
            self._kept.append((os.getpid(), time.monotonic(), connection))

    def _fresh(self) -> Wire:
        place = urlsplit(self._settings.address)
        try:
            return Wire(place.hostname or "", place.port or 80, self._settings.timeout_s)
        except OSError as err:
            raise EngineUnwell(site=self._settings.site, reason=str(err)) from err

    def _check(self, read: JsonObject, *, is_read: bool = False) -> None:
        """An answer with a job's id has taken the job, whatever it remarks: while no node is up
        Slurm queues it and says so as an error (2068)."""
        errors = read.get("errors")
        if read.get("job_id") or not isinstance(errors, list) or not errors:
            return
        first = next((one for one in errors if isinstance(one, dict)), {})
        number = first.get("error_number") or first.get("error_code") or 0
        said = str(first.get("error") or first.get("description") or number)
        if isinstance(number, int) and number in SYSTEM and number not in OF_THE_REQUEST:
            kind = EngineUnwell if is_read else EngineUnclear
            raise kind(site=self._settings.site, reason=f"{said} ({number})")
        if isinstance(number, int) and number in COMMUNICATION:
            kind = EngineUnwell if "connect failure" in said else EngineUnclear
            raise kind(site=self._settings.site, reason=said)
        raise EngineRefused(site=self._settings.site, reason=f"{said} ({number})")


def _object_in(answer: bytes) -> JsonObject:
    """Raises NoAnswer, ValueError: what stands in slurmrestd's place may speak JSON as well."""
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise NoAnswer("no object")
    return read


def _is_open(connection: Wire) -> bool:
    """Nothing came since its last answer, its end neither."""
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return not waiting.poll(0)


def _taken(kept: _Kept) -> tuple[int, float, Wire] | None:
    """The one used last, by one thread alone."""
    try:
        return kept.pop()
    except IndexError:
        return None


def _close_all(kept: _Kept) -> None:
    for _, _, connection in kept:
        connection.close()
