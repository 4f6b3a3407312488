"""One call, from a whole request to its terminal record. A machine of callbacks, no task.

    claim ─▶ money ─▶ connection ─▶ SENT ─▶ answer ─▶ COMMIT ─▶ last bytes
                │          │          │
                │          └─ VOID    └─ COMMIT estimated, when nobody can tell any more
                └─ refused, nothing recorded

The order is the promise: SENT is on file before the supplier sees a byte, COMMIT before the
caller sees the last one. The money side of it is the call's `Stake`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from madang.core.errors import MadangError
from madang.gateway import _heads
from madang.gateway._answer import StreamAnswer, WholeAnswer, estimate
from madang.gateway._dialects import facts_of
from madang.gateway._http import LAST_CHUNK, chunk
from madang.gateway._log import log
from madang.gateway._request import splice
from madang.gateway._sse import EventTooLarge
from madang.gateway._stake import Callback, Stake
from madang.gateway._usage import NO_TOKENS, Tokens
from madang.gateway.errors import (
    LedgerUnavailable,
    RequestMalformed,
    UpstreamFailed,
    UpstreamTimeout,
)
from madang.wire.record import RecordFlag, RecordKind

if TYPE_CHECKING:
    from madang.gateway._bounds import Bound
    from madang.gateway._catalogue import Holder, Route
    from madang.gateway._dialects import Dialect
    from madang.gateway._http import Connection, Request
    from madang.gateway._idempotency import Claim, Replay
    from madang.gateway._lease import Lease
    from madang.gateway._request import Ask
    from madang.gateway._upstream import UpstreamConnection
    from madang.gateway._worker import Worker

REFUSED_BY_SUPPLIER = frozenset({400, 413, 422})
"""Statuses that say the caller's request is at fault, and may say why."""
SUPPLIER_TEXT_MAX = 500


class Stage(IntEnum):
    CLAIM = 0
    MONEY = 1
    CONNECTION = 2
    SENDING = 3  # SENT is recorded, its write has not returned
    WAITING = 4  # the supplier has the request
    ANSWER = 5
    COMMITTED = 6  # the terminal record is made
    OVER = 7


_MONEY, _CONNECTION, _SENDING = Stage.MONEY, Stage.CONNECTION, Stage.SENDING
_WAITING, _ANSWER, _COMMITTED = Stage.WAITING, Stage.ANSWER, Stage.COMMITTED
_SENT, _STREAM = RecordKind.SENT, int(RecordFlag.STREAM)
_ESTIMATED, _ABORTED = int(RecordFlag.ESTIMATED), int(RecordFlag.ABORTED)
_BORNE = int(RecordFlag.PROGRAMME_BORNE)
"""Looked up once: the members of an enumeration cost more than the work on them."""


class Call:
    """A call in progress."""

    client: Connection | None
    claim: Claim | None = None
    stage = Stage.MONEY
    _max_tokens = 0
    _status = 0
    _head_sent = False
    _upstream: UpstreamConnection | None = None
    _answer: WholeAnswer | StreamAnswer | None = None

    def __init__(
        self,
        worker: Worker,
        client: Connection,
        request: Request,
        holder: Holder,
        route: Route,
        dialect: Dialect,
        ask: Ask,
        bound: Bound,
    ) -> None:
        identity = worker.next_id().to_bytes(16, "big")
        self.name = _name_of(identity)
        self._worker = worker
        self.client = client
        self.request = request
        self._stake = Stake(worker, holder, route, identity, _STREAM if ask.stream else 0)
        self._route = route
        self._pool = worker.pool_of(route)
        self._dialect = dialect
        self._ask = ask
        self._bound = bound
        self.full_microwon = bound.full_microwon
        self.last_at = self.progress_at = now = worker.now()
        self.deadline = now + worker.limits.total_s_max

    @property
    def least_microwon(self) -> int:
        return self._bound.least_microwon

    # Money ---------------------------------------------------------------------------

    def start(self) -> None:
        """Reserve from a lease at hand, or wait for one."""
        self.stage = Stage.MONEY
        purse = self._route.purse
        lease = purse.take(self.full_microwon)
        if lease is None:
            purse.wait(self)
        else:
            self._go(lease, self._bound.max_tokens, self.full_microwon)

    def reserved(self, lease: Lease) -> None:
        """A lease that covers the call, or as much of it as there is money for."""
        max_tokens = self._bound.fitting(lease.free)
        est = self._bound.at(max_tokens)
        assert self.least_microwon <= est <= lease.free  # what the purse promised
        lease.free -= est
        lease.in_flight += est
        self._go(lease, max_tokens, est)

    def refused(self, error: MadangError) -> None:
        """No money, or no claim: nothing was recorded, nothing is owed."""
        self._fail(error)

    def claiming(self) -> None:
        self.stage = Stage.CLAIM

    @property
    def is_gone(self) -> bool:
        return self.client is None

    def replayed(self, replay: Replay) -> None:
        """The answer that this Idempotency-Key got before."""
        self._worker.counters.replays += 1
        self.stage = Stage.COMMITTED
        client, self.client = self.client, None
        if client is not None:
            client.finish(_heads.replayed(self.request, replay))
        self._over_if_committed()

    def _go(self, lease: Lease, max_tokens: int, est: int) -> None:
        self._max_tokens = max_tokens
        self._stake.take(lease, est)
        connection = self._pool.take()
        if connection is None:
            self.stage = Stage.CONNECTION
            self._stake.record(RecordKind.INTENT)
            self._pool.seek(self)
        else:
            self.connected(connection)

    # The supplier --------------------------------------------------------------------

    def connected(self, connection: UpstreamConnection) -> None:
        """A connection is at hand: SENT goes on file, then the request goes out."""
        if self.stage is not _CONNECTION and self.stage is not _MONEY:
            connection.abort()
            return
        self.stage = _SENDING
        self._upstream = connection
        connection.exchange = self
        self._stake.record(_SENT, then=self._send)

    def not_connected(self, reason: str, *, timed_out: bool) -> None:
        if self.stage is not Stage.CONNECTION:
            return
        kind = UpstreamTimeout if timed_out else UpstreamFailed
        self._void(kind(reason=reason))

    def _send(self) -> None:
        """SENT is on file."""
        if self.stage is not _SENDING or self._upstream is None:
            return
        self.stage = _WAITING
        self.last_at = self._worker.now()
        route = self._route
        body = splice(self._ask, route.upstream_model, self._max_tokens)
        self._upstream.send(
            b"POST %b%b HTTP/1.1\r\n%bx-madang-call-id: %b\r\ncontent-length: %d\r\n\r\n"
            % (
                route.path,
                self._dialect.upstream_path,
                route.head,
                self.name.encode(),
                len(body),
            ),
            body,
        )

    def answer_began(self, status: int, content_type: bytes) -> None:
        self.last_at = self._worker.now()
        if self.stage is not _WAITING:
            return
        self.stage = _ANSWER
        self._status = status
        if self._ask.stream and status == 200 and _is_events(content_type):
            self._answer = StreamAnswer(
                event_bytes_max=self._worker.limits.event_bytes_max,
                wants_usage=self._ask.wants_usage,
                translator=self._dialect.translator(self._ask, self.name),
            )
        else:
            self._answer = WholeAnswer()

    def answer_data(self, data: bytes) -> None:
        answer = self._answer
        if isinstance(answer, WholeAnswer):
            self.last_at = self._worker.now()
            if answer.feed(data) > self._worker.limits.answer_bytes_max:
                self._give_up(UpstreamFailed(reason="its answer is too large"))
            return
        if answer is None or self.stage is not _ANSWER:
            return
        self.last_at = self._worker.now()
        try:
            block = answer.feed(data)
        except EventTooLarge:
            self._give_up(UpstreamFailed(reason="an event is too large"))
            return
        if answer.is_done:
            self._end_stream(answer, block)
        elif block:
            self._pass_on(block)

    def _pass_on(self, block: bytes) -> None:
        client = self.client
        if self.claim is not None:
            self.claim.keep(block)
        if client is None:
            return
        data = chunk(block) if self.request.is_chunkable else block
        if not self._head_sent:
            self._head_sent = True
            data = _heads.stream(self) + data
        client.write(data)

    def answer_ended(self) -> None:
        """The supplier's answer is whole, as far as HTTP can tell."""
        self._upstream = None
        answer = self._answer
        if self.stage is _SENDING:
            self._void(UpstreamFailed(reason="it answered before it was asked"))
        elif self.stage is not _ANSWER:
            self._over_if_committed()
        elif isinstance(answer, StreamAnswer):
            if answer.is_whole:
                self._end_stream(answer)
            else:
                self._break_stream(answer, UpstreamFailed(reason="its stream ended too early"))
        elif answer is not None:
            self._end_whole(answer)

    def answer_broke(self, reason: str, *, is_clean_start: bool) -> None:
        self._upstream = None
        answer = self._answer
        if self.stage in (_SENDING, _WAITING):
            if is_clean_start and self._stake.attempt < self._worker.limits.attempts_max:
                self._try_again()
            elif self.stage is _SENDING:
                self._void(UpstreamFailed(reason=reason))
            else:
                self._commit_unknown(UpstreamFailed(reason=reason))
        elif self.stage is not Stage.ANSWER:
            self._over_if_committed()
        elif isinstance(answer, StreamAnswer):
            if answer.is_whole:
                self._end_stream(answer)
            else:
                self._break_stream(answer, UpstreamFailed(reason=reason))
        else:
            self._commit_unknown(UpstreamFailed(reason=reason))

    def _try_again(self) -> None:
        """A kept connection died without a byte: once more, on a fresh one."""
        self._stake.attempt += 1
        self.stage = Stage.CONNECTION
        self._worker.counters.retries += 1
        self._pool.seek(self)

    # The end of a whole answer -------------------------------------------------------

    def _end_whole(self, answer: WholeAnswer) -> None:
        if self._status != 200:
            self._void(self._error_of_status(answer))
            return
        if not answer.read():
            self._void(UpstreamFailed(reason="its answer is not JSON"))
            return
        tokens = answer.tokens or self._estimated(answer.output_tokens)
        body = self._dialect.whole(answer.body, self._ask, self.name, tokens)
        if body is None:
            self._void(UpstreamFailed(reason="its answer has no choices"))
            return
        self._commit(tokens, lambda: self._deliver(body))

    def _deliver(self, body: bytes) -> None:
        """COMMIT is on file: the caller may have it all."""
        if self.claim is not None:
            self.claim.keep(body)
            self.claim.end(charge=self.charge)
        client, self.client = self.client, None
        if client is not None:
            client.finish(_heads.whole(self, body))
        self._over_if_committed()

    def _error_of_status(self, answer: WholeAnswer) -> MadangError:
        if self._status in REFUSED_BY_SUPPLIER:
            said = answer.body[:SUPPLIER_TEXT_MAX].decode(errors="replace")
            return RequestMalformed(reason="the supplier refused it", supplier=said)
        return UpstreamFailed(reason=f"status {self._status}", upstream_status=self._status)

    # The end of a stream -------------------------------------------------------------

    def _end_stream(self, answer: StreamAnswer, block: bytes = b"") -> None:
        """`block`: events that came together with the end, and go on together with it."""
        tokens = self._stream_tokens(answer)
        self._commit(tokens, lambda: self._finish_stream(block + answer.last(tokens)))

    def _stream_tokens(self, answer: StreamAnswer) -> Tokens:
        return answer.tokens or self._estimated(answer.output_tokens)

    def _estimated(self, output_tokens: int) -> Tokens:
        """Tokens where no usage was told, by what was seen of an answer."""
        self._stake.flags |= _ESTIMATED
        return estimate(self._ask, output_tokens=output_tokens)

    def _finish_stream(self, last: bytes) -> None:
        """COMMIT is on file: the caller may have the last event."""
        if self.claim is not None:
            self.claim.keep(last)
            self.claim.end(charge=self.charge)
        client, self.client = self.client, None
        if client is not None:
            head = b"" if self._head_sent else _heads.stream(self)
            if not self.request.is_chunkable:
                self.request.keep_alive = False
            elif last:
                last = chunk(last) + LAST_CHUNK
            else:
                last = LAST_CHUNK
            client.finish(head + last)
        self._over_if_committed()

    def _break_stream(self, answer: StreamAnswer, error: MadangError) -> None:
        """A stream without an end: charged as observed, told as an error, never a clean end."""
        tokens = self._stream_tokens(answer)
        self._commit(tokens, lambda: self._tell_broken(error))

    def _tell_broken(self, error: MadangError) -> None:
        self._free_claim()
        client, self.client = self.client, None
        if client is not None and not self._head_sent:
            client.finish(self._worker.error_bytes(self.request, error))
        elif client is not None:
            event = self._dialect.error_event(error, facts_of(error, self.name))
            client.write(chunk(event) if self.request.is_chunkable else event)
            client.break_off()
        self._over_if_committed()

    # Trouble -------------------------------------------------------------------------

    def _commit_unknown(self, error: MadangError) -> None:
        """Sent, and nobody can tell what became of it: nothing observed, nothing charged."""
        self._stake.flags |= _ESTIMATED
        self._commit(NO_TOKENS, lambda: self._fail(error), is_request=False)

    def _void(self, error: MadangError) -> None:
        """Nothing sent, or refused unbilled: the money is free again."""
        self.stage = _COMMITTED
        self._stake.void(lambda: self._fail(error))

    def _fail(self, error: MadangError) -> None:
        """Tell the caller, if it is still there, and be over."""
        self.stage = Stage.COMMITTED
        self._free_claim()
        client, self.client = self.client, None
        if client is not None:
            client.finish(self._worker.error_bytes(self.request, error, call=self.name))
        self._over_if_committed()

    def _free_claim(self) -> None:
        if self.claim is not None:
            self.claim.end(charge=self.charge, is_failed=True)

    def _give_up(self, error: MadangError) -> None:
        """Stop reading; settle by what was seen."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.abort()
        if isinstance(self._answer, StreamAnswer):
            self._break_stream(self._answer, error)
        else:
            self._commit_unknown(error)

    # The caller ----------------------------------------------------------------------

    def client_left(self) -> None:
        """The caller is gone. What happens now is the product's policy, never an accident."""
        self.client = None
        self._worker.counters.aborted += 1
        if self.stage is Stage.CLAIM:
            self._worker.calls.discard(self)  # the claim is given up when the till answers
        elif self.stage is Stage.MONEY:
            self._route.purse.forget(self)
            self._fail(LedgerUnavailable())
        elif self.stage is Stage.CONNECTION:
            self._pool.forget(self)
            self._void(LedgerUnavailable())
        elif self.stage is Stage.SENDING:
            self._drop_upstream()
            self._void(LedgerUnavailable())
        elif self.stage in (Stage.WAITING, Stage.ANSWER):
            self._abandon()

    def _abandon(self) -> None:
        self._stake.flags |= _ABORTED
        policy = self._route.offering.abort_policy
        if policy == "drain":
            self.deadline = min(
                self.deadline, self._worker.now() + self._worker.limits.drain_s_max
            )
            if self._upstream is not None:
                self._upstream.resume()
            return
        self._drop_upstream()
        seen = self._answer.output_tokens if isinstance(self._answer, StreamAnswer) else 0
        tokens = self._estimated(seen) if seen else NO_TOKENS
        self._stake.flags |= _ESTIMATED | (_BORNE if policy == "free" else 0)
        self._commit(tokens, lambda: self._fail(LedgerUnavailable()), is_request=bool(seen))

    def _drop_upstream(self) -> None:
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.abort()

    def client_is_slow(self) -> None:
        if self._upstream is not None:
            self._upstream.pause()

    def client_is_ready(self) -> None:
        if self._upstream is not None:
            self._upstream.resume()

    # Time ----------------------------------------------------------------------------

    def sweep(self, now: float) -> None:
        """End what has waited too long."""
        limits = self._worker.limits
        if self.client is not None and self.client.is_slow:
            self.last_at = now  # the caller's own limit holds
        silent_s = now - self.last_at
        if self.stage is _COMMITTED:
            if self._upstream is not None and silent_s > limits.finish_s_max:
                self._drop_upstream()
                self._over_if_committed()
            elif silent_s > limits.commit_s_max:
                self._cut_off()
        elif self.stage is _CONNECTION:
            if silent_s > limits.queue_s_max:
                self._pool.forget(self)
                self.not_connected("no connection came free", timed_out=True)
        elif self.stage in (_WAITING, _ANSWER):
            waits = self.stage is _WAITING
            patience_s = limits.first_byte_s_max if waits else limits.idle_s_max
            if silent_s > patience_s or now > self.deadline:
                self._time_out()
            elif now - self.progress_at > limits.progress_s:
                self.progress_at = now
                self._note_progress()

    def _time_out(self) -> None:
        self._worker.counters.timeouts += 1
        started = "in the middle of its answer" if self.stage is Stage.ANSWER else "no answer"
        self._give_up(UpstreamTimeout(reason=started))

    def _note_progress(self) -> None:
        if isinstance(self._answer, StreamAnswer):
            tokens = estimate(self._ask, output_tokens=self._answer.output_tokens)
            self._stake.record(RecordKind.PROGRESS, tokens=tokens)

    def cut(self) -> None:
        """The worker stops and has waited long enough: settle by what was seen."""
        if self.stage in (Stage.WAITING, Stage.ANSWER):
            self._give_up(UpstreamFailed(reason="the gateway is stopping"))
        elif self.stage < Stage.WAITING:
            self.client_left()

    def _cut_off(self) -> None:
        """The record was made long ago and its last bytes never went out: our own fault."""
        log("error", "call.stuck", call=self.name)
        client, self.client = self.client, None
        if client is not None:
            client.abort()
        self._over_if_committed()

    def journal_failed(self) -> None:
        """No promise can be kept any more: nothing that was not committed reaches its end."""
        client, self.client = self.client, None
        if client is not None:
            if self.stage < Stage.ANSWER and not self._head_sent:
                client.finish(self._worker.error_bytes(self.request, LedgerUnavailable()))
            else:
                client.abort()
        self._drop_upstream()
        self.stage = Stage.OVER

    # The end -------------------------------------------------------------------------

    def _commit(self, tokens: Tokens, then: Callback, *, is_request: bool = True) -> None:
        self.stage = _COMMITTED
        self._stake.commit(tokens, then, is_request=is_request)

    def _over_if_committed(self) -> None:
        if self.stage is Stage.COMMITTED and self._upstream is None:
            self.stage = Stage.OVER
            self._worker.calls.discard(self)

    # For answers ---------------------------------------------------------------------

    @property
    def charge(self) -> int:
        return self._stake.charge

    @property
    def available_microwon(self) -> int:
        return self._route.purse.available_microwon

    @property
    def clamped_to(self) -> int:
        """The max_tokens that was set, where it is less than the caller's own; else 0."""
        asked = self._ask.max_tokens
        return self._max_tokens if asked and self._max_tokens < asked else 0


def _name_of(call: bytes) -> str:
    """The call's id as everybody sees it."""
    digits = call.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _is_events(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"text/event-stream"
