"""Every posting of the ledger, one function each: P1 to P26 and book Q.

All run inside the caller's transaction.atomic() and are idempotent by `stamp.id`. A refusal
that a posting raises leaves the transaction usable; nothing was written.

`into` names where journals are kept: PostgreSQL, unless a test or a what-if says memory.
"""

from madang.ledger.postings.budget import (
    appropriate,
    award,
    close_call,
    interest,
    lapse_award,
    open_call,
    receive_grant,
    reduce_appropriation,
    remit_interest,
    remit_unspent,
    return_grant,
    return_unspent,
    return_unused,
    return_unused_award,
)
from madang.ledger.postings.clawback import (
    collect_clawback,
    decide_award_clawback,
    decide_clawback,
    remit_clawback,
    set_off_clawback,
    write_off_clawback,
)
from madang.ledger.postings.deposits import (
    deposit,
    deposit_unidentified,
    match_receipt,
    pay_deposit_refund,
    refund_deposit,
    return_receipt,
)
from madang.ledger.postings.leases import capture, capture_many, hold, lock, refund, resolve
from madang.ledger.postings.others import (
    close_dispute,
    correct,
    evidence_in_kind,
    open_dispute,
    pay_milestone,
    pledge_in_kind,
)
from madang.ledger.postings.quota import (
    capture_quota,
    expire_quota,
    grant_quota,
    hold_quota,
    refund_quota,
    resolve_quota,
)
from madang.ledger.postings.refunds import agree_refund, collect_refund
from madang.ledger.postings.statements import (
    confirm_payout,
    fail_payout,
    freeze_programme_borne,
    freeze_statement,
    hold_payout,
    programme_borne,
    release_payout,
    release_programme_residue,
    release_residue,
    send_payout,
)
from madang.ledger.postings.vouchers import expire_voucher, issue

__all__ = [
    "agree_refund",
    "appropriate",
    "award",
    "capture",
    "capture_many",
    "capture_quota",
    "close_call",
    "close_dispute",
    "collect_clawback",
    "collect_refund",
    "confirm_payout",
    "correct",
    "decide_award_clawback",
    "decide_clawback",
    "deposit",
    "deposit_unidentified",
    "evidence_in_kind",
    "expire_quota",
    "expire_voucher",
    "fail_payout",
    "freeze_programme_borne",
    "freeze_statement",
    "grant_quota",
    "hold",
    "hold_payout",
    "hold_quota",
    "interest",
    "issue",
    "lapse_award",
    "lock",
    "match_receipt",
    "open_call",
    "open_dispute",
    "pay_deposit_refund",
    "pay_milestone",
    "pledge_in_kind",
    "programme_borne",
    "receive_grant",
    "reduce_appropriation",
    "refund",
    "refund_deposit",
    "refund_quota",
    "release_payout",
    "release_programme_residue",
    "release_residue",
    "remit_clawback",
    "remit_interest",
    "remit_unspent",
    "resolve",
    "resolve_quota",
    "return_grant",
    "return_receipt",
    "return_unspent",
    "return_unused",
    "return_unused_award",
    "send_payout",
    "set_off_clawback",
    "write_off_clawback",
]
