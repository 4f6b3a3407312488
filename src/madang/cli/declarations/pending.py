"""Declarations that make money wait for a second person.

What waits is the text itself, under its own digest. Who proposed it is read from the event, not
from the file: whoever can write the file cannot change who answers for it. Secrets never wait:
outside test mode a file that holds one is refused before it gets here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from madang.cli.declarations.errors import PendingAltered, PendingUnknown
from madang.cli.declarations.reader import Source
from madang.parties.actor import Actor
from madang.parties.events.actions import record_event
from madang.parties.events.models import Event

FOLDER = "pending"
SUBJECT = "declaration"
PROPOSED, APPROVED = "declaration.propose", "declaration.approve"
_PREFIX_MIN = 12


def digest_of(sources: Sequence[Source]) -> str:
    texts = [[one.name, one.text] for one in sources]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()


def propose(data: Path, sources: Sequence[Source], actor: Actor, *, at: datetime) -> str:
    """Keep the declaration for a second person, and return the digest to approve."""
    digest = digest_of(sources)
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    texts = [{"name": one.name, "text": one.text} for one in sources]
    path = folder / f"{digest}.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    record_event(actor, PROPOSED, subject_type=SUBJECT, subject_id=digest, at=at)
    return digest


def waiting(data: Path, digest: str) -> tuple[str, list[Source]]:
    """The whole digest and the texts. Raises PendingUnknown, PendingAltered."""
    found = sorted((data / FOLDER).glob(f"{digest}*.json")) if digest.isalnum() else []
    if len(digest) < _PREFIX_MIN or len(found) != 1:
        raise PendingUnknown(digest=digest)
    texts = json.loads(found[0].read_text(encoding="utf-8"))
    sources = [Source(one["name"], one["text"]) for one in texts]
    if digest_of(sources) != found[0].stem:
        raise PendingAltered(digest=found[0].stem)
    return found[0].stem, sources


def proposer_of(digest: str) -> str:
    """Who proposed it last. Raises PendingUnknown when nobody did."""
    events = Event.objects.filter(subject_type=SUBJECT, subject_id=digest, action=PROPOSED)
    event = events.order_by("-at").first()
    if event is None:
        raise PendingUnknown(digest=digest)
    return str(event.actor)


def settle(data: Path, digest: str, actor: Actor, *, at: datetime) -> None:
    """It is approved: note who did, and let go of the text."""
    record_event(actor, APPROVED, subject_type=SUBJECT, subject_id=digest, at=at)
    (data / FOLDER / f"{digest}.json").unlink()
