"""Vouchers, prices, statements, payouts: what is sold and paid: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.core.units import Unit
from madang.metering.charges.workflow import REFUND
from madang.metering.disputes.workflow import DISPUTE_END
from madang.metering.invoices.workflow import INVOICE
from madang.metering.payouts.workflow import PAYOUT
from madang.metering.returns.workflow import DEPOSIT_RETURN
from madang.metering.statements.workflow import STATEMENT
from madang.metering.vouchers.workflow import VOUCHER


def _refund(code: str, language: str) -> str:
    """`not_collected` is what keeps a year open."""
    return REFUND.label("agreed" if code == "not_collected" else code, language)


LABELS: dict[str, Callable[[str, str], str]] = {
    "voucher": VOUCHER.label,
    "statement": STATEMENT.label,
    "payout": PAYOUT.label,
    "invoice": INVOICE.label,
    "dispute_end": DISPUTE_END.label,
    "deposit_return": DEPOSIT_RETURN.label,
    "refund": _refund,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "offering": {"listed": ("판매중", "on sale"), "suspended": ("중지", "not on sale")},
    "payout_hold": {"on_hold": ("보류중", "in force"), "lifted": ("해제", "lifted")},
    "supplier": {
        "selling": ("판매중", "selling"),
        "withdrawn": ("철수", "withdrawn"),
        "bankrupt": ("파산", "bankrupt"),
    },
    "dispute": {"noted": ("종결 전", "not ended")},
    "loss_ground": {
        "bankrupt": ("파산", "bankrupt"),
        "uncollectable": ("회수 불능", "cannot be collected"),
    },
    "loss": {
        "": ("제안", "proposed"),
        "refused": ("반려", "refused"),
        "overtaken": ("회수됨", "collected meanwhile"),
        "written_off": ("결손", "written off"),
        "revived": ("결손 취소", "taken back"),
    },
    "collection": {"offset": ("상계", "kept back"), "cash": ("현금", "in cash")},
    "receipt": {
        "matched": ("대사완료", "matched"),
        "parked": ("미확인", "unidentified"),
        "returned": ("반환", "returned"),
        "payer": ("입금자 불일치", "not paid by the beneficiary"),
        "unmatched": ("대상 불명", "names nothing we know"),
        "late": ("기한 후 입금", "came too late"),
        "": ("", ""),
    },
    "outcome": {
        "committed": ("확정", "committed"),
        "estimated": ("추정", "estimated"),
        "adjusted": ("조정", "adjusted"),
        "voided": ("무효", "voided"),
    },
    "charge": {"charge": ("차감", "charge"), "refund": ("환불", "refund")},
}

UNIT_NAMES: dict[Unit, str | Promise] = {
    Unit.TOKEN_IN: _("input tokens"),
    Unit.TOKEN_IN_CACHED: _("cached input tokens"),
    Unit.TOKEN_IN_CACHE_WRITE: _("input tokens written to the cache"),
    Unit.TOKEN_OUT: _("output tokens"),
    Unit.REQUEST: _("requests"),
    Unit.IMAGE: _("images"),
    Unit.SECOND: _("seconds"),
    Unit.GPU_SECOND: _("GPU-seconds"),
    Unit.BYTE: _("bytes"),
}

SIZE_NAMES: dict[str, str | Promise] = {
    "small": _("small"),
    "medium": _("medium"),
    "large": _("large"),
    "xlarge": _("very large"),
}

USE_NAMES: dict[str, str | Promise] = {
    "chat": _("chat"),
    "embedding": _("embedding"),
    "code": _("code"),
    "translation": _("translation"),
    "summary": _("summary"),
    "vision": _("vision"),
    "speech": _("speech"),
    "training": _("training"),
}

METER_NAMES: dict[str, str | Promise] = {
    "model": _("model API"),
    "delivery": _("delivered product"),
    "compute": _("computing"),
    "data": _("data"),
    "run": _("test run"),
}

BOOK_NAMES: dict[str, str | Promise] = {
    "M": _("M, money"),
    "B": _("B, budget"),
    "K": _("K, memoranda"),
    "Q": _("Q, quota"),
}
