"""The data hub's versions as folders that a job reads.

A version is laid out once for each organisation, under a name that nobody can guess, in a
folder that cannot be listed: jobs of different organisations run as one user of the engine, and
what one was given access to is not there for another. Files and folders are without any right
to write, and belong to the platform.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from django.conf import settings

from madang.compute.errors import DatasetNotHere, DatasetTooLarge, DatasetUnknown
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import OPEN, Job
from madang.compute.policy import policy_at
from madang.compute.sites.models import EngineKind, Site
from madang.compute.sites.queries import sites
from madang.core.errors import NotFound
from madang.datahub.access.queries import has_access
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.errors import AccessNeeded, SecureRoomOnly
from madang.datahub.hub.gate import refuse_recalled
from madang.datahub.models import Access, DataSet, Release, UseKind, Version
from madang.datahub.releases.workflow import SERVED
from madang.datahub.sets.actions import may_write
from madang.datahub.sets.queries import data_set_for
from madang.datahub.uses.actions import record_use
from madang.parties.actor import SYSTEM_ID, Actor, system_actor
from madang.parties.people.queries import actor_for, person_by_id

FOLDER_MODE, FILE_MODE, ROOT_MODE = 0o555, 0o444, 0o711
NOTE = ".json"


class HubDatasets:
    """The provider of `compute.jobs.datasets`."""

    def pin(self, actor: Actor, grant: Grant, dataset: str, *, at: datetime) -> str:
        version = _version(actor, dataset)
        _need_access(actor, version.data_set, at)
        most = policy_at(at).dataset_bytes_max
        if version.commit.size_bytes > most:
            raise DatasetTooLarge(dataset=dataset, bytes_max=most)
        if not root_of(grant.gpu_class.site):
            raise DatasetNotHere(dataset=dataset)
        return f"{version.data_set.code}@{version.number}"

    def lay_out(self, job: Job, pinned: str, *, at: datetime) -> str:
        actor = _submitter(job, at)
        version = _version(actor, pinned)
        _need_access(actor, version.data_set, at)
        place = _place(job, version)
        if not place.exists():
            _build(place, version, job)
        os.utime(_note_of(place), (at.timestamp(), at.timestamp()))
        if not may_write(actor, version.data_set) or actor.is_system:
            record_use(actor, version, UseKind.DOWNLOADED, address="", at=at)
        return str(place)


def _submitter(job: Job, at: datetime) -> Actor:
    """Who submitted the job, in the roles held now."""
    if job.by == SYSTEM_ID:
        return system_actor("cli")
    return actor_for(person_by_id(job.by), at=at, origin="worker")


def _version(actor: Actor, dataset: str) -> Version:
    """The named version, or the newest that is served. Builders read what they sealed.

    Raises DatasetUnknown for what this reader does not see, VersionRecalled, DatasetNotHere.
    """
    code, _, number = dataset.partition("@")
    try:
        data_set = data_set_for(actor, code)
    except NotFound as err:
        raise DatasetUnknown(dataset=dataset) from err
    rows = Version.objects.filter(data_set=data_set).select_related("commit", "data_set")
    if number:
        rows = rows.filter(number=number.removeprefix("v"))
        recalled = rows.filter(recall__isnull=False).first()
        if recalled is not None:
            refuse_recalled(data_set, recalled.commit)
    served = Release.objects.filter(version__data_set=data_set, state__in=SERVED)
    shown = rows.filter(recall=None, release__in=served).order_by("-release__opened_at")
    found = shown.first()
    if found is None and may_write(actor, data_set):
        found = rows.filter(recall=None).order_by("-sealed_at").first()
    if found is None:
        raise DatasetNotHere(dataset=dataset)
    return found


def _need_access(actor: Actor, data_set: DataSet, at: datetime) -> None:
    """May this reader have the bytes? Raises SecureRoomOnly, AccessNeeded."""
    if data_set.access == Access.OPEN or may_write(actor, data_set):
        return
    if data_set.access == Access.SECURE:
        raise SecureRoomOnly(name=data_set.code)
    if not has_access(actor, data_set, at):
        raise AccessNeeded(name=data_set.code)


def root_of(site: Site) -> Path | None:
    """Where a site's jobs find data: a folder that nodes and platform share; on one machine
    beside the other scratch folders, if nothing is declared. None: the site has none."""
    if site.datasets:
        return Path(site.datasets)
    if site.engine != EngineKind.LOCAL:
        return None
    name = hashlib.sha256(str(Path(settings.DATA_DIR).resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"madang-datasets-{name}"


def _place(job: Job, version: Version) -> Path:
    root = root_of(job.site)
    if root is None:
        raise DatasetNotHere(dataset=version.data_set.code)
    text = f"{job.grant.organisation_id} {version.id} {version.digest}"
    secret = settings.SECRET_KEY.encode()
    return root / hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:40]


def _note_of(place: Path) -> Path:
    return place.with_name(place.name + NOTE)


def _build(place: Path, version: Version, job: Job) -> None:
    """Whole, or not at all: built beside, then moved. Another that was faster is as good."""
    root = place.parent
    root.mkdir(mode=ROOT_MODE, parents=True, exist_ok=True)
    root.chmod(ROOT_MODE)
    fresh = Path(tempfile.mkdtemp(dir=root, prefix=".new-"))
    try:
        for entry in tree_of(version.commit).walk():
            _write(fresh, entry)
        _take_write_away(fresh)
        note = {"version": str(version.id), "organisation": str(job.grant.organisation_id)}
        _note_of(place).write_text(json.dumps(note))
        _note_of(place).chmod(0o600)
        fresh.rename(place)
    except OSError:
        if not place.exists():
            raise
    finally:
        if fresh.exists():
            _remove(fresh)


def _write(folder: Path, entry: Entry) -> None:
    path = PurePosixPath(entry.path)
    assert not path.is_absolute(), entry.path
    assert ".." not in path.parts, entry.path
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        for piece in read_content(Content.objects.get(pk=entry.sha256)):
            file.write(piece)


def _take_write_away(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
    folder.chmod(FOLDER_MODE)


def _remove(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(folder)


def sweep_datasets(*, at: datetime) -> int:
    """Take away what was recalled, and what no open job reads and nobody has asked for within
    the days of policy; how many. Safe to do again."""
    return sum(_sweep(place, at) for site in sites() for place in _laid_out(site))


def _laid_out(site: Site) -> Iterator[Path]:
    root = root_of(site)
    for note in sorted(root.glob(f"*{NOTE}")) if root and root.is_dir() else ():
        yield note.with_name(note.name.removesuffix(NOTE))


def _sweep(place: Path, at: datetime) -> bool:
    note = json.loads(_note_of(place).read_text())
    version = Version.objects.filter(pk=note["version"]).select_related("data_set").first()
    if version is not None and not _is_recalled(version):
        last_s = _note_of(place).stat().st_mtime
        keep_s = policy_at(at).dataset_keep.total_seconds()
        if at.timestamp() < last_s + keep_s or _is_read(version, note["organisation"]):
            return False
    if place.exists():
        _remove(place)
    _note_of(place).unlink()
    return True


def _is_recalled(version: Version) -> bool:
    return Version.objects.filter(pk=version.pk, recall__isnull=False).exists()


def _is_read(version: Version, organisation: str) -> bool:
    name = f"{version.data_set.code}@{version.number}"
    rows = Job.objects.filter(state__in=OPEN, datasets__contains=[name])
    return rows.filter(grant__organisation_id=organisation).exists()
