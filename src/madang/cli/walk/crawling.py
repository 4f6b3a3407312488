"""A crawl, its scan and its card, laid where the declared data set takes its files from."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx

from madang.cli.walk.commands import Commands
from madang.cli.walk.errors import CheckFailed
from madang.cli.walk.portal import TIMEOUT_S

DATA_SET, FOLDER, CARD = "madang/web-crawl", "data/web-crawl", "rights-card.json"


def crawl(commands: Commands, folder: Path) -> None:
    """Once per installation: the set's content stays the same over all walks."""
    target = folder / FOLDER
    if not target.is_dir() or (target / CARD).exists():
        return
    scanned = folder / "rights"
    commands.plain("rights", "demo", str(scanned))
    shutil.copy(scanned / "crawl.warc.gz", target)
    shutil.copy(scanned / "scan" / "card" / "card.json", target / CARD)


def check_card(portal_url: str) -> None:
    """The set's page says in both languages what its card says. Raises CheckFailed."""
    for language, words in (("ko", "이의 접수"), ("en", "Objections")):
        answer = httpx.get(
            f"{portal_url}/data/sets/{DATA_SET}/",
            cookies={"django_language": language},
            timeout=TIMEOUT_S,
            trust_env=False,
        )
        if answer.status_code != 200 or words not in answer.text:
            raise CheckFailed(
                check="rights card", expected=words, found=str(answer.status_code)
            )
