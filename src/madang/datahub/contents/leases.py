"""Renewing the age of what somebody was just promised to be there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from madang.datahub.contents.among import among
from madang.datahub.contents.models import Content, ReceivedXorb

RENEWED_AFTER = timedelta(days=1)
"""Not at every sight: a row is written once a day at most."""


def renew(contents: Collection[bytes], at: datetime) -> None:
    Content.objects.filter(pk__in=among(contents), kept_at__lt=at - RENEWED_AFTER).update(
        kept_at=at
    )


def renew_blocks(blocks: Collection[bytes], at: datetime) -> None:
    rows = ReceivedXorb.objects.filter(pk__in=blocks, received_at__lt=at - RENEWED_AFTER)
    rows.update(received_at=at)
