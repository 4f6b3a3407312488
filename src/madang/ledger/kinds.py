"""Every kind of journal: its event, the accounts that it may touch, how it is undone.

The table says what a posting is allowed to do; a draft that touches another account is our
mistake and fails its assertion. docs/explanation/ledger.md shows the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    APPROPRIATE = "P1"
    REDUCE_APPROPRIATION = "P1r"
    RECEIVE_GRANT = "P2"
    RETURN_GRANT = "P2r"
    OPEN_CALL = "P3"
    CLOSE_CALL = "P3r"
    AWARD = "P4"
    LAPSE_AWARD = "P4r"
    DEPOSIT = "P5"
    DEPOSIT_UNIDENTIFIED = "P5u"
    MATCH_RECEIPT = "P5m"
    RETURN_RECEIPT = "P5r"
    ISSUE = "P6"
    HOLD = "P7"
    CAPTURE = "P8"
    RESOLVE = "P9"
    REFUND = "P10"
    FREEZE_STATEMENT = "P11"
    FREEZE_PROGRAMME_BORNE = "P11p"
    SEND_PAYOUT = "P12s"
    CONFIRM_PAYOUT = "P12c"
    FAIL_PAYOUT = "P12f"
    BOUNCE_PAYOUT = "P12b"
    HOLD_PAYOUT = "P12h"
    RELEASE_PAYOUT = "P12l"
    AGREE_REFUND = "P13a"
    COLLECT_REFUND = "P13b"
    WRITE_OFF_REFUND = "P13w"
    REVIVE_REFUND = "P13r"
    EXPIRE_VOUCHER = "P14"
    RETURN_UNUSED = "P15"
    RELEASE_RESIDUE = "P16"
    RELEASE_PROGRAMME_RESIDUE = "P16p"
    REFUND_DEPOSIT = "P17"
    PAY_DEPOSIT_REFUND = "P17p"
    RETURN_UNSPENT = "P18"
    REMIT_UNSPENT = "P18p"
    INTEREST = "P19"
    REMIT_INTEREST = "P19p"
    DECIDE_CLAWBACK = "P20"
    COLLECT_CLAWBACK = "P21c"
    REMIT_CLAWBACK = "P21r"
    SET_OFF_CLAWBACK = "P21s"
    WRITE_OFF_CLAWBACK = "P21w"
    PLEDGE_IN_KIND = "P22"
    EVIDENCE_IN_KIND = "P22e"
    CORRECT = "P23"
    PAY_MILESTONE = "P24"
    PROGRAMME_BORNE = "P25"
    OPEN_DISPUTE = "P26"
    CLOSE_DISPUTE = "P26c"
    GRANT_QUOTA = "Q1"
    HOLD_QUOTA = "Q2"
    CAPTURE_QUOTA = "Q3"
    RESOLVE_QUOTA = "Q4"
    REFUND_QUOTA = "Q5"
    EXPIRE_QUOTA = "Q6"


@dataclass(frozen=True, slots=True)
class KindLine:
    """`debit` and `credit` list every account that a journal of this kind may touch there.

    `corrects` is true where P23 may reverse it: the kinds that move a hold or a counter have
    a reverse of their own.
    """

    event_en: str
    event_ko: str
    debit: frozenset[str]
    credit: frozenset[str]
    corrects: bool


def _line(
    event_en: str, event_ko: str, debit: str, credit: str, *, own: bool = False
) -> KindLine:
    return KindLine(
        event_en, event_ko, frozenset(debit.split()), frozenset(credit.split()), not own
    )


KINDS: Mapping[Kind, KindLine] = {
    Kind.APPROPRIATE: _line("Appropriation", "예산배정", "B100", "B200"),
    Kind.REDUCE_APPROPRIATION: _line("Appropriation reduced", "예산감액", "B200", "B100"),
    Kind.RECEIVE_GRANT: _line("Grant cash received", "교부금 입금", "1100", "2100"),
    Kind.RETURN_GRANT: _line("Grant cash sent back", "교부금 감액 반납", "2100", "1100"),
    Kind.OPEN_CALL: _line("Call opened", "공모배정", "B200", "B300"),
    Kind.CLOSE_CALL: _line("Call closed, rest returns", "공모 잔액 환원", "B300", "B200"),
    Kind.AWARD: _line("Award, agreement", "협약", "B300", "B310"),
    Kind.LAPSE_AWARD: _line("Award lapses", "협약포기", "B310", "B300"),
    Kind.DEPOSIT: _line("Co-payment deposit", "자부담 입금", "1110", "2200"),
    Kind.DEPOSIT_UNIDENTIFIED: _line("Receipt without a name", "미확인입금", "1110", "1120"),
    Kind.MATCH_RECEIPT: _line("Receipt matched", "미확인입금 대사", "1120", "2200"),
    Kind.RETURN_RECEIPT: _line("Receipt sent back", "미확인입금 반환", "1120", "1110"),
    Kind.ISSUE: _line("Voucher issue", "발급", "B310", "B400"),
    Kind.HOLD: _line("Hold", "예약", "B400 2200", "B410 2210", own=True),
    Kind.CAPTURE: _line(
        "Capture", "차감", "B410 2210 5100 2100", "B500 2300S 2300C 2300V 4100", own=True
    ),
    Kind.RESOLVE: _line(
        "Void or timeout", "예약해제", "B410 2210", "B400 B600 2200", own=True
    ),
    Kind.REFUND: _line(
        "Refund before statement", "취소",
        "2300S 2300C 2300V 4100 B500 B410 2210",
        "5100 2100 B400 B600 2200 B410 2210", own=True,
    ),
    Kind.FREEZE_STATEMENT: _line(
        "Monthly statement", "정산확정", "2300S 2300C 2300V", "2310S 2310C", own=True
    ),
    Kind.FREEZE_PROGRAMME_BORNE: _line(
        "Monthly statement, programme-borne", "정산확정(사업부담)", "2300P", "2310S"
    ),
    Kind.SEND_PAYOUT: _line("Payout sent", "지급", "2310S 2310C", "2320S 2320C"),
    Kind.CONFIRM_PAYOUT: _line("Payout confirmed", "지급완료", "2320S 2320C", "1100 1110"),
    Kind.FAIL_PAYOUT: _line("Payout failed", "지급실패", "2320S 2320C", "2310S 2310C"),
    Kind.BOUNCE_PAYOUT: _line(
        "Payout returned by the bank", "지급 반송", "1100 1110", "2310S 2310C", own=True
    ),
    Kind.HOLD_PAYOUT: _line("Payout put on hold", "지급보류", "2310S 2310C", "2330S 2330C"),
    Kind.RELEASE_PAYOUT: _line("Payout released", "보류해제", "2330S 2330C", "2310S 2310C"),
    Kind.AGREE_REFUND: _line(
        "Refund agreed after settlement", "정산 후 환불", "1320S 1320C", "2410S 2410C", own=True
    ),
    Kind.COLLECT_REFUND: _line(
        "Refund collected", "환불 회수",
        "2310S 1100 2310C 1110 2410S 2410C 4190 B500",
        "1320S 1320C 5190 2100 B400 B600 2200 2600", own=True,
    ),
    Kind.WRITE_OFF_REFUND: _line(
        "Refund written off", "환불 결손", "2410S 2410C", "1320S 1320C", own=True
    ),
    Kind.REVIVE_REFUND: _line(
        "Write-off of a refund taken back", "환불 결손 취소", "1320S 1320C", "2410S 2410C",
        own=True,
    ),
    Kind.EXPIRE_VOUCHER: _line("Voucher expiry", "만료", "B400", "B600", own=True),
    Kind.RETURN_UNUSED: _line("Return of unused budget", "회수", "B600", "B200 B100"),
    Kind.RELEASE_RESIDUE: _line(
        "Residue release at close", "단수정리",
        "2300S 2300C 2300V 4100 B500", "5100 2100 B600 2200", own=True,
    ),
    Kind.RELEASE_PROGRAMME_RESIDUE: _line(
        "Residue release, programme-borne", "단수정리(사업부담)",
        "2300P 4100 B520", "5200 2100 B200",
    ),
    Kind.REFUND_DEPOSIT: _line("Deposit refund", "자부담 반환", "2200", "2600"),
    Kind.PAY_DEPOSIT_REFUND: _line("Deposit refund paid", "자부담 반환 지급", "2600", "1110"),
    Kind.RETURN_UNSPENT: _line(
        "Unspent return", "집행잔액 반납", "2100 B200", "2500 B100"
    ),
    Kind.REMIT_UNSPENT: _line(
        "Unspent return remitted", "집행잔액 송금", "2500 2590", "1100 2590"
    ),
    Kind.INTEREST: _line("Interest", "이자", "1100", "2510"),
    Kind.REMIT_INTEREST: _line("Interest remitted", "이자 반납", "2510", "1100"),
    Kind.DECIDE_CLAWBACK: _line(
        "Clawback decided", "환수 결정",
        "1300 4190 1310 B500 B400 B310", "5190 2520 2530 B650 B600", own=True,
    ),
    Kind.COLLECT_CLAWBACK: _line("Clawback collected", "환수 수납", "1100", "1300 1310"),
    Kind.REMIT_CLAWBACK: _line("Clawback remitted", "환수 세입", "2520 2530", "1100"),
    Kind.SET_OFF_CLAWBACK: _line("Clawback set off", "환수 상계", "2310S", "1300"),
    Kind.WRITE_OFF_CLAWBACK: _line(
        "Clawback written off", "환수 결손", "2520 2530", "1300 1310"
    ),
    Kind.PLEDGE_IN_KIND: _line("In-kind pledged", "현물 약정", "K150", "K200"),
    Kind.EVIDENCE_IN_KIND: _line("In-kind evidenced", "현물 이행", "K100", "K150"),
    Kind.CORRECT: _line("Correction", "정정", "", "", own=True),
    Kind.PAY_MILESTONE: _line(
        "Milestone payment", "단계 지급", "B310 5100 2100", "B500 4100 2310S"
    ),
    Kind.PROGRAMME_BORNE: _line(
        "Programme-borne cost", "사업부담", "B200 5200 2100", "B520 4100 2300P"
    ),
    Kind.OPEN_DISPUTE: _line("Supplier dispute opened", "분쟁 비망", "K300", "K350"),
    Kind.CLOSE_DISPUTE: _line("Supplier dispute closed", "분쟁 종결", "K350", "K300"),
    Kind.GRANT_QUOTA: _line("Quota granted", "할당", "Q100", "Q400"),
    Kind.HOLD_QUOTA: _line("Quota held", "할당 예약", "Q400", "Q410", own=True),
    Kind.CAPTURE_QUOTA: _line("Quota used", "할당 사용", "Q410", "Q500", own=True),
    Kind.RESOLVE_QUOTA: _line(
        "Quota hold resolved", "할당 예약해제", "Q410", "Q400 Q600", own=True
    ),
    Kind.REFUND_QUOTA: _line("Quota refunded", "할당 환원", "Q500", "Q400 Q600"),
    Kind.EXPIRE_QUOTA: _line("Quota expired or withdrawn", "할당 만료·회수", "Q400", "Q600"),
}  # fmt: skip
