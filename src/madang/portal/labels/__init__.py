"""Names for people: states from the workflow tables, and the words of the catalogue.

Each room has a file; a new state or word goes into the file of its room.
"""

from __future__ import annotations

from collections.abc import Callable

from madang.portal.labels import (
    compute,
    datahub,
    metering,
    programme,
    review,
    rights,
    testbed,
)
from madang.portal.labels.metering import (
    BOOK_NAMES,
    METER_NAMES,
    SIZE_NAMES,
    UNIT_NAMES,
    USE_NAMES,
)
from madang.portal.labels.people import KIND_NAMES, PARTY_NAMES, ROLE_NAMES
from madang.portal.labels.programme import CONSENT_NAMES, EXCEPTION_NAMES, OPEN_NAMES
from madang.portal.labels.review import CONFLICT_NAMES, DECIDED_NAMES
from madang.portal.labels.rights import FLAG_NAMES, GROUND_NAMES, PETITION_NAMES, SIDE_NAMES
from madang.portal.labels.tones import STATE_TONES

__all__ = [
    "BOOK_NAMES",
    "CONFLICT_NAMES",
    "CONSENT_NAMES",
    "DECIDED_NAMES",
    "EXCEPTION_NAMES",
    "FLAG_NAMES",
    "GROUND_NAMES",
    "KIND_NAMES",
    "METER_NAMES",
    "OPEN_NAMES",
    "PARTY_NAMES",
    "PETITION_NAMES",
    "ROLE_NAMES",
    "SIDE_NAMES",
    "SIZE_NAMES",
    "STATE_TONES",
    "UNIT_NAMES",
    "USE_NAMES",
    "state_label",
]

LABELS: dict[str, Callable[[str, str], str]] = {
    **compute.LABELS,
    **datahub.LABELS,
    **metering.LABELS,
    **programme.LABELS,
    **review.LABELS,
    **rights.LABELS,
    **testbed.LABELS,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    **compute.OTHER_STATES,
    **metering.OTHER_STATES,
    **programme.OTHER_STATES,
    **review.OTHER_STATES,
    **rights.OTHER_STATES,
    **testbed.OTHER_STATES,
}


def state_label(noun: str, code: str, language: str) -> str:
    """The name from the noun's workflow table, or from the few that have none."""
    if noun in LABELS:
        return LABELS[noun](code, language)
    ko, en = OTHER_STATES[noun][code]
    return ko if language == "ko" else en
