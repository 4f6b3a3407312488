"""Structured logs: one JSON object a line, without a personal word in it.

A line carries the route's name, never the address that was asked for (an address may hold a
name or a code), and the actor's opaque id, never an email address.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

FACTS = ("request_id", "route", "method", "status", "elapsed_ms", "actor", "code")


_encoder = json.JSONEncoder(ensure_ascii=False)


class JsonFormatter(logging.Formatter):
    """What happened, as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FACTS if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return _encoder.encode(line)


class NoAddresses(logging.Filter):
    """Django's own lines quote the address asked for; ours do not."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None


def logging_to_standard_output() -> dict[str, object]:
    """The LOGGING setting of every process that runs Django."""
    handler = {"class": "logging.StreamHandler", "formatter": "json"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "madang.portal.logs.JsonFormatter"}},
        "filters": {"no_addresses": {"()": "madang.portal.logs.NoAddresses"}},
        "handlers": {"out": handler, "quiet": {**handler, "filters": ["no_addresses"]}},
        "loggers": {
            "madang": {"handlers": ["out"], "level": "INFO", "propagate": False},
            "django.request": {"handlers": ["quiet"], "level": "ERROR", "propagate": False},
            "django.security": {"handlers": ["quiet"], "level": "ERROR", "propagate": False},
            "axes": {"handlers": ["quiet"], "level": "ERROR", "propagate": False},
        },
    }
