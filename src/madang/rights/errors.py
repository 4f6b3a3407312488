"""What the rights room refuses, and where it is unwell.

Refused
├── FactsMalformed        a facts file or a declaration cannot be read
├── RulesMalformed        a rule file contradicts itself
├── RegimeUnknown         no rule file has that id
├── RegimeNotScanned      the scan was made under other regimes
├── InputUnreadable       an input is not an archive, a table or a list that we read
├── ScanDiffers           the folder holds a scan of other inputs or settings
├── ScanBusy              another command writes into the folder
├── ScanMissing           the folder holds no scan, or not a finished one
├── ScanOutdated          an older version left tables without columns that are needed
├── UrlUnknown            the scan has no record of that address
├── ReviewGroupUnknown    the review queue has no such group
├── ReviewRefused         a decision lacks its person or its reason, or says what none may say
├── EvidenceAltered       stored evidence does not match its digest
├── LibraryMissing        an optional library is needed for this input
└── OutputUnwritable      the folder cannot be made, or its disk takes no more
Unwell
├── ClusterUnreachable    nobody answers under the scheduler's address
└── SiteUnreachable       a site file could not be fetched
"""

from __future__ import annotations

from madang.core.errors import Conflict, Malformed, NotFound, Refused, Unwell, WrongUsage


class FactsMalformed(Malformed):
    code = "rights.facts.malformed"


class RulesMalformed(Malformed):
    code = "rights.rules.malformed"


class RegimeUnknown(NotFound):
    code = "rights.regime.unknown"


class RegimeNotScanned(NotFound):
    code = "rights.regime.not_scanned"


class InputUnreadable(Malformed):
    code = "rights.input.unreadable"


class ScanDiffers(Conflict):
    code = "rights.scan.differs"


class ScanBusy(Conflict):
    code = "rights.scan.busy"


class ScanMissing(NotFound):
    code = "rights.scan.missing"


class ScanOutdated(Conflict):
    code = "rights.scan.outdated"


class UrlUnknown(NotFound):
    code = "rights.url.unknown"


class ReviewGroupUnknown(NotFound):
    code = "rights.review.unknown"


class ReviewRefused(Refused):
    code = "rights.review.refused"


class EvidenceAltered(Refused):
    code = "rights.evidence.altered"


class LibraryMissing(WrongUsage):
    code = "rights.library.missing"


class OutputUnwritable(Refused):
    code = "rights.output.unwritable"


class ClusterUnreachable(Unwell):
    code = "rights.cluster.unreachable"


class SiteUnreachable(Unwell):
    code = "rights.site.unreachable"
