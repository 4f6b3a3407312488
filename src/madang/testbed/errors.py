"""What the test-bed refuses.

NotFound
├── FileMissing        a specification, model, data file, report or key is not there
├── ReportUnknown      no such report on the board
└── LogsMissing        no LoadGen log in the folder
Malformed
├── SpecMalformed      the specification cannot be read: `field` names the place
├── DataMalformed      the samples cannot be read or do not fit the model
├── KeyMalformed       not an Ed25519 key
├── ArchiveMalformed   not a zip of a report's folder, or too much of it
└── LogMalformed       a LoadGen log cannot be read
Refused
├── ReportUntrusted    the signature does not hold
├── ReportNotOfficial  a quick, failed or simulated run: never on the board
├── OutputExists       the folder already holds a report: reports are never overwritten
├── PredictionRefused  the prediction cannot be made
├── ReportExists       another firm has handed the same report in
├── SubmissionsTooMany as many are open as one firm may have
├── OfferingUnknown    no listed product of that code
├── OfferingNotForRuns its price is not by the second of a run, or by the run
├── VoucherAndOffering a priced run needs both
├── ReasonMissing      a decision, a withdrawal or an appeal without words
├── NothingToAppeal    no decision stands that could be appealed against
└── AppealLate         the days of appeal are over
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


class ArchiveMalformed(Malformed):
    code: ClassVar[str] = "testbed.archive.malformed"


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


class ReportExists(Refused):
    code: ClassVar[str] = "testbed.report.exists"


class SubmissionsTooMany(Refused):
    code: ClassVar[str] = "testbed.submission.too_many"


class OfferingUnknown(NotFound):
    code: ClassVar[str] = "testbed.offering.unknown"


class OfferingNotForRuns(Refused):
    code: ClassVar[str] = "testbed.offering.not_for_runs"


class VoucherAndOffering(Refused):
    code: ClassVar[str] = "testbed.run.unpaid"


class ReasonMissing(Refused):
    code: ClassVar[str] = "testbed.reason.missing"


class NothingToAppeal(Refused):
    code: ClassVar[str] = "testbed.appeal.nothing"


class AppealLate(Refused):
    code: ClassVar[str] = "testbed.appeal.late"
