"""`madang rights demo`: a small crawl made, scanned and put on a card, in one command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from madang.cli.console import Answer, Console, command, language
from madang.cli.rights_options import FOLDER
from madang.cli.rights_review import clock_of
from madang.core.clock import seoul_date
from madang.rights import card, sample
from madang.rights.derive import OBSERVED
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan.run import Settings, Work, scan

REGIMES = ("kr-current", "eu-art4")
PLAN = sample.Plan(pages=300, hosts=48, page_bytes=20_000)
NAME, CONTACT = "madang/web-crawl", "rights@demo.example"


@command(
    "demo",
    ko="작은 크롤을 만들어 검사하고 카드까지 씁니다.",
    en="Make a small crawl, scan it and write its card.",
    has_data=False,
)
@click.argument("out", type=FOLDER)
def demo(console: Console, out: Path) -> Answer:
    """The folder then holds the archive, the scan and `scan/card/card.json`."""
    now = clock_of(console).now()
    out.mkdir(parents=True, exist_ok=True)
    archive, folder = out / "crawl.warc.gz", out / "scan"
    if not archive.exists():
        sample.write(archive, PLAN)
    declared = replace(OBSERVED, purpose=Purpose.COMMERCIAL)
    day = seoul_date(now)
    wanted = Settings((str(archive),), REGIMES, Profile.DEFAULT, declared, day)
    summary = scan(folder, wanted, now=now, work=Work(), tell=lambda *_: None)
    made = card.make(folder, REGIMES[0], name=NAME, contact=CONTACT, now=now)
    files = [str(path) for path in card.write(made, folder)]
    data = {"archive": str(archive), "scan": str(folder), "files": files, "summary": summary}
    return Answer(data, [*made.markdown(language.get()).splitlines(), "", *files])
