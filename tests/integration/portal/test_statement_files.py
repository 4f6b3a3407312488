"""A statement on paper and in a sheet: the amounts of its page, the same bytes every time."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

import pytest
from django.utils import translation
from tests.integration.portal import world as worlds

from madang.core.money import MICRO_PER_WON
from madang.portal import statements

pytestmark = pytest.mark.django_db
NUMBER = re.compile(r"<v>(\d+)</v>")


@pytest.fixture
def statement(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return worlds.build().statement


def test_files_hold_the_whole_won_of_every_line_and_their_sum(statement):
    line = statement.lines.get()
    supply = line.supply_microwon // MICRO_PER_WON
    vat = line.vat_microwon // MICRO_PER_WON
    with translation.override("ko"):
        sheet = statements.sheet_of(statement)
        book = zipfile.ZipFile(BytesIO(statements.as_xlsx(statement)))
        pdf = statements.as_pdf(statement)
    assert sheet.total[0] == line.supply_microwon
    numbers = [int(n) for n in NUMBER.findall(book.read("xl/worksheets/sheet1.xml").decode())]
    for amount in (supply, vat, supply + vat):
        assert numbers.count(amount) == 2, "once in its line and once in the sum"
    assert pdf.startswith(b"%PDF-")
    assert b"PretendardGOV" in pdf


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_same_statement_prints_to_the_same_bytes(statement, language):
    with translation.override(language):
        assert statements.as_pdf(statement) == statements.as_pdf(statement)
        assert statements.as_xlsx(statement) == statements.as_xlsx(statement)


def test_the_languages_differ_and_the_amounts_do_not(statement):
    with translation.override("ko"):
        korean = statements.sheet_of(statement)
    with translation.override("en"):
        english = statements.sheet_of(statement)
    assert korean.head != english.head
    assert korean.total == english.total
