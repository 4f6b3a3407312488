"""`django-admin draw_testbed_workflows PATH`: write the page of workflow drawings."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser

from madang.testbed.workflows import page


class Command(BaseCommand):
    help = "Draw every workflow of the test-bed on a page of the documentation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *, path: Path, **options: object) -> None:
        path.write_text(page(), encoding="utf-8")
