"""The bank's file as it is handed in: in the bank's own coding, or in a spreadsheet's."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from madang.portal.pages.money.bank import BankForm, _text
from madang.programme.errors import BankFileInvalid

TEXT = "account,reference,booked_at,amount_won,payer,memo\n1110,r,x,1,하나로보틱스,자부담\n"


def form_with(content: bytes) -> BankForm:
    form = BankForm({}, {"file": SimpleUploadedFile("bank.csv", content)})
    assert form.is_valid()
    return form


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_file_is_read_in_the_codings_that_banks_and_spreadsheets_use(encoding: str) -> None:
    assert _text(form_with(TEXT.encode(encoding))).removeprefix("\ufeff") == TEXT


def test_file_in_no_such_coding_is_refused() -> None:
    with pytest.raises(BankFileInvalid) as refused:
        _text(form_with(b"\xff\xfe\x00"))
    assert refused.value.sentence("ko") == (
        "은행 파일 1행을 읽을 수 없습니다: UTF-8 파일도 CP949 파일도 아닙니다."
    )
