"""Refusals and failures of the command line.

WrongUsage
├── ExtraMissing            the room's packages are not installed: exit 2, names the extra
├── Interrupted             Ctrl-C, or no answer to a question
├── UnknownPerson           --as names nobody
└── PersonNeeded            outside test mode somebody answers for each step with money
NotFound
├── NounUnknown             nothing of that name
└── DemonstrationMissing    no demonstration in that folder
NotAllowed
└── TestModeOnly            a movable clock, secrets in files
Conflict
├── MailIsOff               --send where no mail server is named
├── AlreadyUp               another `madang up` holds this data folder
└── PortTaken               somebody else listens where we should
Unwell
├── DatabaseUnwell          PostgreSQL does not start or does not answer
├── ProcessNotReady         a process did not become ready in time
└── Crashed                 a mistake of ours reached the process edge
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Conflict, NotAllowed, NotFound, Unwell, WrongUsage


class ExtraMissing(WrongUsage):
    code: ClassVar[str] = "cli.extra.missing"


class Interrupted(WrongUsage):
    code: ClassVar[str] = "cli.command.interrupted"


class UnknownPerson(WrongUsage):
    code: ClassVar[str] = "cli.person.unknown"


class TestModeOnly(NotAllowed):
    code: ClassVar[str] = "cli.test_mode.needed"


class MailIsOff(Conflict):
    code: ClassVar[str] = "cli.mail.off"


class AlreadyUp(Conflict):
    code: ClassVar[str] = "cli.platform.already_up"


class DatabaseUnwell(Unwell):
    code: ClassVar[str] = "cli.database.unwell"


class ProcessNotReady(Unwell):
    code: ClassVar[str] = "cli.process.not_ready"


class Crashed(Unwell):
    code: ClassVar[str] = "cli.command.crashed"
    http_status: ClassVar[int] = 500


class PortTaken(Conflict):
    code: ClassVar[str] = "cli.port.taken"


class NounUnknown(NotFound):
    """`noun` says what was looked for, `reference` how it was named."""

    code: ClassVar[str] = "cli.reference.unknown"


class PersonNeeded(WrongUsage):
    code: ClassVar[str] = "cli.person.needed"


class DemonstrationMissing(NotFound):
    code: ClassVar[str] = "cli.demo.missing"
