"""REST routes of this room, one router per noun."""

from __future__ import annotations

from madang.parties.api import router as people
from madang.parties.calendar.api import router as calendar
from madang.parties.documents.api import router as documents
from madang.parties.facts.api import router as facts
from madang.parties.notices.api import router as notices
from madang.parties.relationships.api import router as relationships
from madang.parties.sanctions.api import router as sanctions

ROUTERS = (notices, people, facts, relationships, calendar, sanctions, documents)
