"""Slurm's command line, each call with a time limit: with a daemon away they wait for long."""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from madang.compute.engines.slurm.settings import SlurmSettings
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell

AWAY = (
    "Unable to contact slurm controller",
    "Connection refused",
    "slurm_persist_conn_open",
    "Unable to connect",
    "Zero Bytes were transmitted",
    "Problem talking to the database",
    "Munge",
    "Resource temporarily unavailable",
    "timed out",
    "Connection reset by peer",
    "Broken pipe",
)
NOT_SENT = ("connect failure", "Connection refused")


class Commands:
    """Runs one command and tells its three ways to fail apart."""

    def __init__(self, settings: SlurmSettings) -> None:
        self._settings = settings

    def submit(
        self, *words: str, script: str, user: str, environment: Mapping[str, str]
    ) -> str:
        """A script with the environment of its job, which sbatch reads from a file and never
        has as its own: in a word of a command it would keep the quotes that it asks for."""
        told = "".join(f"{name}={value}\0" for name, value in environment.items())
        with open(os.memfd_create("environment"), "w+b") as file:  # noqa: PTH123  has no path
            file.write(told.encode())
            file.seek(0)
            fd = file.fileno()
            word = f"--export-file={fd}"
            return self.run(*words, word, stdin=script, user=user, keep=(fd,))

    def run(
        self, *words: str, stdin: str | None = None, user: str = "", keep: Sequence[int] = ()
    ) -> str:
        """Raises EngineRefused, EngineUnwell; EngineUnclear when nobody knows what was done."""
        site = self._settings.site
        try:
            done = subprocess.run(
                words,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=self._settings.timeout_s,
                check=False,
                pass_fds=keep,
                env=self._environment(),
                user=user or None,
                group=_group_of(user, site) if user else None,
                extra_groups=[] if user else None,
            )
        except FileNotFoundError as err:
            raise EngineUnwell(site=site, reason=f"no {words[0]}") from err
        except PermissionError as err:  # to be that user, or to run it: it never began
            raise EngineUnwell(site=site, reason=f"{words[0]}: {err}") from err
        except subprocess.TimeoutExpired as err:
            raise EngineUnclear(site=site, reason=f"{words[0]} took too long") from err
        if done.returncode == 0:
            return done.stdout
        said = (done.stderr or done.stdout).strip()
        if any(one in said for one in NOT_SENT):
            raise EngineUnwell(site=site, reason=said[:300])
        if any(one in said for one in AWAY):
            raise EngineUnclear(site=site, reason=said[:300])
        raise EngineRefused(site=site, reason=said[:300])

    def change(self, *words: str) -> None:
        """A change in sacctmgr; that there was nothing to change is no refusal."""
        try:
            self.run("sacctmgr", "-i", *words)
        except EngineRefused as err:
            said = str(err.fields.get("reason", ""))
            if "Nothing new added" not in said and "Nothing modified" not in said:
                raise

    def _environment(self) -> dict[str, str]:
        """Epoch seconds everywhere; nothing of the platform's own environment."""
        conf = self._settings.conf or os.environ.get("SLURM_CONF", "")
        found = {"PATH": os.environ.get("PATH", ""), "SLURM_TIME_FORMAT": "%s", "TZ": "UTC"}
        return {**found, "SLURM_CONF": conf} if conf else found

    def rows(self, fields: Sequence[str], *words: str) -> list[dict[str, str]]:
        """A table of `-P`. Names and comments are what anybody wrote into a job, bars and ends
        of lines as well: so a bar is drawn by lot, and a row ends where it is whole."""
        bar = secrets.token_hex(8)
        text = self.run(*words, f"--delimiter={bar}", f"--format={','.join(fields)}")
        return list(split_rows(fields, text, bar))


def _group_of(user: str, site: str) -> int:
    """Raises EngineUnwell for a user that nobody has made, or that cannot be looked up now."""
    try:
        return pwd.getpwnam(user).pw_gid
    except KeyError as err:
        raise EngineUnwell(site=site, reason=f"no user {user}") from err


def split_rows(fields: Sequence[str], text: str, bar: str) -> Iterator[dict[str, str]]:
    """Rows in a text in which a value may have several lines: the next row begins with the line
    that brings the next bars."""
    held = ""
    for line in text.split("\n"):
        if bar in line and held.count(bar) == len(fields) - 1:
            yield dict(zip(fields, held.split(bar), strict=True))
            held = line
        else:
            held = f"{held}\n{line}" if held else line
    if held.count(bar) == len(fields) - 1:
        yield dict(zip(fields, held.rstrip("\n").split(bar), strict=True))
