"""`madang demo`: start with the demonstration, walk the main job once, keep serving."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.errors import DemonstrationMissing, ProcessNotReady, TestModeOnly
from madang.cli.processes import own_command
from madang.cli.walk.awarding import Awarding
from madang.cli.walk.commands import Commands
from madang.cli.walk.computing import compute
from madang.cli.walk.crawling import check_card, crawl
from madang.cli.walk.dates import rendered
from madang.cli.walk.hubbing import Hubbing
from madang.cli.walk.ports import chosen_ports
from madang.cli.walk.report import Report
from madang.cli.walk.script import read_script
from madang.cli.walk.settling import balance, settle
from madang.cli.walk.spending import deliver, spend
from madang.cli.walk.stage import Stage
from madang.cli.walk.verifying import order_chip_runs, verify_chips
from madang.core.clock import Clock, clock_for, is_test_mode
from madang.core.errors import MadangError

UPSTREAM_KEY = "MADANG_UPSTREAM_NURI"
STOP_S_MAX = 90
UNWELL = 3


@dataclass(frozen=True, slots=True)
class Started:
    """The running platform, as its ready line says."""

    process: subprocess.Popen[str]
    portal: str
    gateway: str


@command(
    "demo",
    ko="시연 사업으로 시작하고 본 업무를 한 번 진행합니다.",
    en="Start with the demonstration and walk the main job once.",
)
@click.option(
    "--once",
    cls=Option,
    text=Text("한 번 진행한 뒤 끝냅니다", "Stop after the walk"),
    is_flag=True,
)
@click.option(
    "--from",
    "folder",
    cls=Option,
    text=Text("시연 선언 폴더", "Folder of the demonstration's declarations"),
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
)
@click.option(
    "--portal-port",
    cls=Option,
    text=Text("포털 포트", "Port of the portal"),
    type=int,
    default=None,
    show_default="8000",
)
@click.option(
    "--gateway-port",
    cls=Option,
    text=Text("게이트웨이 포트", "Port of the gateway"),
    type=int,
    default=None,
    show_default="8080",
)
@click.option(
    "--sample-port",
    cls=Option,
    text=Text("시연 모델 포트", "Port of the sample model"),
    type=int,
    default=None,
    show_default="9001",
)
def demo(
    console: Console,
    once: bool,
    folder: Path,
    portal_port: int | None,
    gateway_port: int | None,
    sample_port: int | None,
) -> Answer | None:
    if not is_test_mode():
        raise TestModeOnly
    if not (folder / "walk.toml").is_file():
        raise DemonstrationMissing(folder=str(folder))
    given = {"portal": portal_port, "gateway": gateway_port, "sample": sample_port}
    ports = chosen_ports(console.data, given)
    with started(console, ports) as house:
        report = walk(console, folder.resolve(), house, ports["sample"])
        if once:
            return _answer(report)
        console.tell(_answer(report))
        console.tell(_addresses(house))
        house.process.wait()
    return None


@contextlib.contextmanager
def started(console: Console, ports: dict[str, int]) -> Iterator[Started]:
    """`madang up --demo` as a process of its own, stopped in good order at the end."""
    console.progress(ko="플랫폼을 시작합니다 …", en="Starting the platform …")
    words = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    process = subprocess.Popen(
        own_command("up", "--demo", *words, "--data", str(console.data), "--json"),
        env={**os.environ, UPSTREAM_KEY: os.environ.get(UPSTREAM_KEY, "none-needed")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with passing_signals_to(process):
        try:
            yield _ready(process, console)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S_MAX)


@contextlib.contextmanager
def passing_signals_to(process: subprocess.Popen[str]) -> Iterator[None]:
    """SIGTERM and SIGINT stop the platform, and with it the wait for it."""
    known = {}
    for one in (signal.SIGTERM, signal.SIGINT):
        known[one] = signal.signal(one, lambda *_: process.terminate())
    try:
        yield
    finally:
        for one, handler in known.items():
            signal.signal(one, handler)


def _ready(process: subprocess.Popen[str], console: Console) -> Started:
    assert process.stdout is not None
    line = json.loads(process.stdout.readline() or "{}")
    if not line.get("ready"):
        said = (line.get("error") or {}).get("message", "")
        console.progress(ko=said, en=said)
        log = str(console.data / "logs")
        raise ProcessNotReady(process="madang up", waited_s=0, log=log)
    return Started(process, line["portal"], line["gateway"])


def walk(console: Console, folder: Path, house: Started, sample_port: int) -> Report:
    """One walk. What was done is on file also when a step fails."""
    clock = clock_for(console.data)
    run = f"{clock.now():%y%m%d-%H%M%S}"
    report = Report(console)
    stage = Stage(
        data=console.data,
        demo=folder,
        portal_url=house.portal,
        gateway_url=house.gateway,
        run=run,
        clock=clock,
        script=read_script(folder / "walk.toml"),
        report=report,
        commands=Commands(console.data),
    )
    try:
        _declare(stage, sample_port)
        stage.open()
        _story(stage)
    except MadangError as error:
        report.error = error.as_dict()
        console.progress(ko=error.sentence("ko"), en=error.sentence("en"))
    finally:
        report.write(console.data / "walk.json")
    return report


def _story(stage: Stage) -> None:
    runs = order_chip_runs(stage)
    hubbing = Hubbing(stage)
    hubbing.begin()
    awarding = Awarding(stage, f"c-walk-{stage.run}")
    awarding.run()
    charged = spend(stage, awarding.voucher, awarding.key())
    delivered = deliver(stage)
    settle(stage, stage.script.supplier, awarding.voucher, charged)
    settle(stage, "baram", delivered, 1_800_000_000_000)
    gpu_voucher, gpu_charged = compute(stage)
    settle(stage, "gwangju", gpu_voucher, gpu_charged)
    hubbing.end()
    verify_chips(stage, runs)
    balance(stage)


def _declare(stage: Stage, sample_port: int) -> None:
    """Render the declarations once, at the first start, and apply them while they are new."""
    with stage.report.step("declare", ko="사업 선언", en="Declarations") as step:
        values = {"sample_port": str(sample_port)}
        files = _rendered(stage, stage.demo, stage.data / "demo", values)
        crawl(stage.commands, stage.data / "demo")
        fresh = {**values, "published_code": f"v-published-{stage.run}", "run": stage.run}
        each = stage.data / "demo" / stage.run
        files_now = _rendered(stage, stage.demo / "each-walk", each, fresh)
        mark = stage.data / "demo" / "applied"
        wanted = _digest(files)
        is_new = not mark.exists() or mark.read_text() != wanted
        answer = stage.commands.run("apply", *map(str, (files if is_new else []) + files_now))
        mark.write_text(wanted)
        for kind in ("created", "changed", "unchanged"):
            names = answer[kind]
            assert isinstance(names, list)
            step.note(ko=f"{kind} {len(names)}", en=f"{kind} {len(names)}")
        check_card(stage.portal_url)
        step.note(ko="권리 카드가 자료 화면에 있음", en="rights card on the data set's page")


def _rendered(stage: Stage, source: Path, target: Path, values: dict[str, str]) -> list[Path]:
    """The declarations of a folder, dated by the installation's first start."""
    target.mkdir(parents=True, exist_ok=True)
    start = _first_start(stage.data, stage.clock)
    made = []
    for path in sorted(source.glob("*.toml")):
        if path.name != "walk.toml":
            text = rendered(path.read_text(encoding="utf-8"), start, values)
            (target / path.name).write_text(text, encoding="utf-8")
            made.append(target / path.name)
    if (source / "data").is_dir():
        shutil.copytree(source / "data", target / "data", dirs_exist_ok=True)
    return made


def _first_start(data: Path, clock: Clock) -> datetime:
    path = data / "demo" / "first-start"
    if not path.exists():
        path.write_text(clock.now().isoformat())
    return datetime.fromisoformat(path.read_text())


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _answer(report: Report) -> Answer:
    verdict = (
        Text("시연 완료", "The walk is done")
        if report.ok
        else Text("시연 실패", "The walk failed")
    )
    return Answer(report.as_data(), [str(verdict)], 0 if report.ok else UNWELL)


PEOPLE: dict[str, tuple[str, Text]] = {
    "ann@agency.example": ("madang-demo-ann", Text("운영기관", "operator")),
    "bob@agency.example": ("madang-demo-bob", Text("운영기관(승인)", "operator, approves")),
    "aud@agency.example": ("madang-demo-aud", Text("감사", "auditor")),
    "kim@hana.example": ("madang-demo-kim", Text("수요기업", "beneficiary")),
    "seo@dasom.example": ("madang-demo-seo", Text("수요기업", "beneficiary")),
    "sales@nuri.example": ("madang-demo-nuri", Text("공급기업", "supplier")),
    "lee@narae.example": ("madang-demo-lee", Text("평가위원", "reviewer")),
    "min@saessak.example": ("madang-demo-min", Text("데이터 구축기업", "builder of data")),
    "lim@hanbit.example": ("madang-demo-lim", Text("칩 제조사", "maker of chips")),
}
"""Who may sign in to the demonstration, with which password, and as what."""


def _addresses(house: Started) -> Answer:
    lines = [
        f"{Text('포털', 'Portal')}: {house.portal}/",
        f"{Text('게이트웨이', 'Gateway')}: {house.gateway}/v1   mdg_demo_dasom_bio_try_0001",
        *(f"  {email:<20} {password:<17} {who}" for email, (password, who) in PEOPLE.items()),
        str(Text("끝내려면 Ctrl-C", "Ctrl-C stops everything")),
    ]
    people = {email: password for email, (password, _) in PEOPLE.items()}
    return Answer({"portal": house.portal, "gateway": house.gateway, "people": people}, lines)
