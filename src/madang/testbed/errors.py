"""What the test-bed refuses.

NotFound
├── FileMissing        a specification, model, data file, report or key is not there
├── ReportUnknown      no such report on the board
└── LogsMissing        no LoadGen log in the folder
Malformed
├── SpecMalformed      the specification cannot be read: `field` names the place
├── DataMalformed      the samples cannot be read or do not fit the model
├── KeyMalformed       not an Ed25519 key
└── LogMalformed       a LoadGen log cannot be read
Refused
├── ReportUntrusted    the signature does not hold
├── ReportNotOfficial  a quick, failed or simulated run: never on the board
├── OutputExists       the folder already holds a report: reports are never overwritten
└── PredictionRefused  the prediction cannot be made
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import Malformed, NotFound, Refused


class FileMissing(NotFound):
    code: ClassVar[str] = "testbed.file.missing"


class LogsMissing(NotFound):
    code: ClassVar[str] = "testbed.logs.missing"


class SpecMalformed(Malformed):
    code: ClassVar[str] = "testbed.spec.malformed"


class DataMalformed(Malformed):
    code: ClassVar[str] = "testbed.data.malformed"


class KeyMalformed(Malformed):
    code: ClassVar[str] = "testbed.key.malformed"


class LogMalformed(Malformed):
    code: ClassVar[str] = "testbed.log.malformed"


class OutputExists(Refused):
    code: ClassVar[str] = "testbed.output.exists"


class PredictionRefused(Refused):
    code: ClassVar[str] = "testbed.prediction.refused"


class ReportUnknown(NotFound):
    code: ClassVar[str] = "testbed.report.unknown"


class ReportUntrusted(Refused):
    code: ClassVar[str] = "testbed.report.untrusted"


class ReportNotOfficial(Refused):
    code: ClassVar[str] = "testbed.report.not_official"
