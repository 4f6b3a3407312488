"""`madang hub check`, `open`, `recall`: from files to an opened version, and back."""

from __future__ import annotations

from pathlib import Path

import click
from django.db import transaction

from madang.cli.acting import actor_named, as_option
from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.installation import opened
from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.datahub.commits.queries import commit_at
from madang.datahub.quality.actions import run_check
from madang.datahub.quality.models import QualityCheck
from madang.datahub.releases.actions import open_release, prepare_release
from madang.datahub.sets.queries import data_set_for
from madang.datahub.versions.actions import recall_version, seal_version

NOT_MET = 1


def answer_of(row: QualityCheck) -> Answer:
    """The report; exit 1 when a target was not met."""
    is_passed = row.state == "passed"
    lines = [
        f"{'✓' if one['is_met'] else '✗'} {one['code']}: {one['result']} ({one['target']})"
        for one in row.report["findings"]
    ]
    verdict = Text("적합", "Passed") if is_passed else Text("부적합", "Failed")
    data = {
        "id": str(row.id),
        "state": row.state,
        "digest": row.digest,
        "targets_digest": row.targets_digest,
        "report_digest": row.report_digest,
        "report": row.report,
    }
    return Answer(
        data, [*lines, f"{verdict} · {row.report_digest}"], 0 if is_passed else NOT_MET
    )


@command(
    "check",
    ko="데이터셋을 목표 파일에 따라 검사합니다. 같은 파일과 목표는 같은 보고서가 됩니다.",
    en="Measure a data set against a file of targets; the same files give the same report.",
)
@click.argument("data_set", metavar="SET")
@click.option(
    "--targets", cls=Option, text=Text("목표 파일(TOML)", "File of targets (TOML)"),
    required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "--revision", cls=Option, text=Text("브랜치, 태그, 커밋", "Branch, tag or commit"),
    default="main", show_default=True,
)  # fmt: skip
@click.option(
    "--cluster", cls=Option,
    text=Text("Dask 클러스터 주소 (tcp://…)", "Address of a Dask cluster (tcp://…)"),
    default="", metavar="ADDRESS",
)  # fmt: skip
@as_option
def check_(
    console: Console, data_set: str, targets: Path, revision: str, cluster: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        row = data_set_for(actor, data_set)
        head = commit_at(row, revision)
        text = targets.read_text(encoding="utf-8")
        done = run_check(
            actor, head, targets=text, cluster=cluster, at=installation.clock.now()
        )
        return answer_of(done)


@command(
    "open",
    ko="데이터셋의 지금 상태를 버전으로 봉인하고 오늘 개방합니다. 통과한 검사가 있어야 합니다.",
    en="Seal what a data set holds as a version and open it today; its check must have passed.",
)
@click.argument("data_set", metavar="SET")
@click.argument("number", metavar="NUMBER")
@click.option(
    "--revision", cls=Option, text=Text("브랜치, 태그, 커밋", "Branch, tag or commit"),
    default="main", show_default=True,
)  # fmt: skip
@as_option
def open_(
    console: Console, data_set: str, number: str, revision: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation, transaction.atomic():
        actor, at = actor_named(installation, as_), installation.clock.now()
        row = data_set_for(actor, data_set)
        version = seal_version(actor, row, commit_at(row, revision), number=number, at=at)
        prepare_release(actor, version.id, opens_on=seoul_date(at), at=at)
        release = open_release(actor, version.id, at=at)
    data = {
        "set": row.code, "number": number, "digest": version.digest, "seal": version.seal,
        "release": release.state,
    }  # fmt: skip
    return Answer(data, [f"{row.code} {number} {release.state} · {version.seal}"])


@command(
    "recall",
    ko="버전을 회수합니다. 모든 경로에서 제공을 멈추고, 받은 사람 모두에게 알립니다.",
    en="Take a version back: it is served nowhere, and everybody who took it is told.",
)
@click.argument("data_set", metavar="SET")
@click.argument("number", metavar="NUMBER")
@click.option(
    "--reason", cls=Option, text=Text("사유", "Reason"), required=True, metavar="TEXT"
)
@as_option
def recall_(
    console: Console, data_set: str, number: str, reason: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        row = data_set_for(actor, data_set)
        version = row.versions.filter(number=number).first()
        if version is None:
            raise NotFound
        done = recall_version(actor, version.id, reason=reason, at=installation.clock.now())
    words = Text(f"회수했습니다. 알림 {done.told}명", f"Recalled; people told: {done.told}")
    return Answer({"set": row.code, "number": number, "told": done.told}, [str(words)])
