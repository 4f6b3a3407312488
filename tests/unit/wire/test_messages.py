"""Messages survive the socket whole, however it cuts them."""

from __future__ import annotations

import random
from uuid import UUID

import msgspec
import pytest

from madang.wire import messages as m

ID = UUID(int=5)
TO_TILL = [
    m.Hello(worker=1, pid=2, boot_id="b", epoch=0, wire_version=1, holds=[ID]),
    m.LeaseWanted(request=1, voucher=ID, supplier=ID, need_microwon=1, like_microwon=2),
    m.LeaseReturned(hold=ID, seq_next=9, in_flight_microwon=0),
    m.IdemClaim(request=1, key_no=1, idem_sha256=b"a", body_sha256=b"b", call=ID),
    m.ReplayStored(call=ID, replay=b"x", free=False),
    m.Flush(request=1, recall=True),
]
PRICES = m.PriceSet(no=1, prices={"token.in": "1"}, kinds=[], valid_from_us=0, valid_until_us=0)
OFFERING = m.Offering(
    no=1, id=ID, code="a/b", supplier=ID, listed=True, upstream="http://x", upstream_model="b",
    upstream_key="", allow_private=True, context_tokens_max=10, abort_policy="drain",
    uses=["chat"], strict=False, price_sets=[PRICES],
)  # fmt: skip
FROM_TILL = [
    m.Welcome(epoch=1, journal_dir="d"),
    m.Snapshot(version=1, complete=True, keys=[], vouchers=[], offerings=[OFFERING]),
    m.LeaseGranted(request=1, hold=ID, amount_microwon=2**62, spendable_microwon=0),
    m.LeaseDenied(request=1, code="c", spendable_microwon=0, held_microwon=0),
    m.Recall(hold=ID),
    m.IdemAnswer(request=1, outcome="fresh", call=ID, replay=b""),
    m.Flushed(request=1, calls=3),
]


@pytest.mark.parametrize("message", TO_TILL, ids=lambda message: type(message).__name__)
def test_a_message_to_the_till_reads_back(message):
    (body,) = m.Frames().feed(m.frame(message))
    assert m.to_till.decode(body) == message


@pytest.mark.parametrize("message", FROM_TILL, ids=lambda message: type(message).__name__)
def test_a_message_from_the_till_reads_back(message):
    (body,) = m.Frames().feed(m.frame(message))
    assert m.from_till.decode(body) == message


def test_frames_come_whole_however_the_stream_is_cut():
    rng = random.Random(4)
    stream = b"".join(m.frame(message) for message in TO_TILL * 50)
    frames, bodies = m.Frames(), []
    while stream:
        size = rng.choice((1, 2, 3, 7, 100, 1000))
        bodies += frames.feed(stream[:size])
        stream = stream[size:]
    assert [m.to_till.decode(body) for body in bodies] == TO_TILL * 50


def test_a_frame_beyond_the_limit_is_refused():
    with pytest.raises(ValueError, match="more than"):
        m.Frames().feed((m.FRAME_BYTES_MAX + 1).to_bytes(4, "big"))


def test_fields_that_came_later_have_defaults():
    """An older till that does not know them is still understood."""
    old = msgspec.msgpack.encode(
        {"type": "hello", "worker": 0, "pid": 1, "boot_id": "", "epoch": 0, "wire_version": 1}
    )
    assert m.to_till.decode(old).holds == []
