"""The messages between a gateway worker, the till of its host, and the command line.

They travel over a Unix socket (mode 0600, peer uid checked): four bytes of length,
big-endian, then one MessagePack map with its `type`. A worker speaks first (`Hello`).

    worker ── Hello ─────────────▶ till      a fresh worker, or one that outlived a till
    worker ◀──────────── Welcome ─ till      its epoch and the whole snapshot
    worker ── LeaseWanted ───────▶ till
    worker ◀─ LeaseGranted|Denied ─ till     posting P7, or why not
    worker ◀───────────── Recall ─ till      give back what you are not using
    worker ── LeaseReturned ─────▶ till      posting P9 (and P7 of what is in flight)
    worker ── IdemClaim ─────────▶ till      one caller of a key wins
    worker ◀───────── IdemAnswer ─ till
    worker ── ReplayStored ──────▶ till      the encrypted answer of a finished call
    worker ◀─────────── Snapshot ─ till      what changed, within one second
    anyone ── Flush ─────────────▶ till      read every journal to its end and post it
    anyone ◀──────────── Flushed ─ till
"""

from __future__ import annotations

import struct
from uuid import UUID

import msgspec

FRAME_BYTES_MAX = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class PriceSet(msgspec.Struct, frozen=True):
    """The price versions that are valid together: what a call pins when it is reserved.

    `prices` maps unit to micro-won per million, as decimal text: it may pass 64 bits.
    `kinds` empty means every kind of organisation that no other set of the offering names.
    The window is half open, in microseconds of Unix time; `valid_until_us` 0 means no end.
    """

    no: int
    prices: dict[str, str]
    kinds: list[str]
    valid_from_us: int
    valid_until_us: int


class Offering(msgspec.Struct, frozen=True):
    """A product of meter "model", as the gateway needs it. Secrets are named, never carried."""

    no: int
    id: UUID
    code: str
    supplier: UUID
    listed: bool
    upstream: str
    upstream_model: str
    upstream_key: str
    allow_private: bool
    context_tokens_max: int
    abort_policy: str
    uses: list[str]
    strict: bool
    price_sets: list[PriceSet]
    overhead_tokens_max: int = (
        256  # what the supplier's template adds to one call, per contract
    )
    connections_max: int = 256


class Voucher(msgspec.Struct, frozen=True):
    """A voucher's terms: no amount is here, only the ledger knows one."""

    id: UUID
    code: str
    state: str  # pending | active | suspended | expired | closed
    expires_at_us: int
    organisation_kind: str
    offerings: list[str]  # codes, or patterns that end in "*"


class Key(msgspec.Struct, frozen=True):
    """A key of a team spends from that team's leases only. A limit that is lower than the one
    told before means: give back what of the team's leases is not in use."""

    no: int
    sha256: bytes
    voucher: UUID
    rpm_max: int
    revoked: bool
    team: UUID | None = None
    team_limit_microwon: int = 0


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """`epoch` 0 asks for a new one; a worker that outlived its till names its own again.

    `holds` are then the leases that the worker still uses. A lease of this worker and epoch
    that is missing here was granted or returned in a message that got lost: when the journal
    is read to its end, the till may resolve it as if it had been returned.
    """

    worker: int
    pid: int
    boot_id: str
    epoch: int
    wire_version: int
    holds: list[UUID] = []


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Another epoch than the one in Hello means: fenced, stop at once and start anew."""

    epoch: int
    journal_dir: str


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """`complete` replaces all that the worker knew; otherwise rows are added or overwritten."""

    version: int
    complete: bool
    keys: list[Key]
    vouchers: list[Voucher]
    offerings: list[Offering]


class LeaseWanted(msgspec.Struct, frozen=True, tag="lease_wanted"):
    """`need_microwon` is the least that helps; `like_microwon` what two seconds would use.

    With `team` the lease also counts against that team's limit, and only its keys use it.
    """

    request: int
    voucher: UUID
    supplier: UUID
    need_microwon: int
    like_microwon: int
    team: UUID | None = None


class LeaseGranted(msgspec.Struct, frozen=True, tag="lease_granted"):
    """`spendable_microwon`: spendable supply that stays with the ledger after this lease; of
    a team's lease no more than the team may still spend."""

    request: int
    hold: UUID
    amount_microwon: int
    spendable_microwon: int


class LeaseDenied(msgspec.Struct, frozen=True, tag="lease_denied"):
    """`code`: voucher.balance.insufficient, voucher.team.limit_reached, a voucher.state.*
    code, or gateway.ledger.unavailable; amounts say what is left and what is held."""

    request: int
    code: str
    spendable_microwon: int
    held_microwon: int


class Recall(msgspec.Struct, frozen=True, tag="recall"):
    hold: UUID


class LeaseReturned(msgspec.Struct, frozen=True, tag="lease_returned"):
    """The worker reserves nothing more from this lease. Every record of it that is on file has
    a seq below `seq_next`; `in_flight_microwon` is still reserved by calls that go on.

    Those calls end with records that still name this hold. When the last of them has, the
    worker says it a second time with `in_flight_microwon` 0. So the message comes at most
    twice for a hold, and the one that says 0 is the last.
    """

    hold: UUID
    seq_next: int
    in_flight_microwon: int


class IdemClaim(msgspec.Struct, frozen=True, tag="idem_claim"):
    request: int
    key_no: int
    idem_sha256: bytes
    body_sha256: bytes
    call: UUID


class IdemAnswer(msgspec.Struct, frozen=True, tag="idem_answer"):
    """`outcome`: fresh | in_flight | done | body_differs | unknown. `replay` is the encrypted
    answer of a done call, empty when none was kept."""

    request: int
    outcome: str
    call: UUID
    replay: bytes


class ReplayStored(msgspec.Struct, frozen=True, tag="replay_stored"):
    """A claimed call ended. `free`: nothing was charged, the claim may be made again; else the
    call is done, and `replay` is its encrypted answer, empty when none could be kept."""

    call: UUID
    replay: bytes
    free: bool = False


class Flush(msgspec.Struct, frozen=True, tag="flush"):
    """`recall`: also take back what leases do not use, so that balances show no idle hold."""

    request: int
    recall: bool


class Flushed(msgspec.Struct, frozen=True, tag="flushed"):
    request: int
    calls: int


ToTill = Hello | LeaseWanted | LeaseReturned | IdemClaim | ReplayStored | Flush
FromTill = Welcome | Snapshot | LeaseGranted | LeaseDenied | Recall | IdemAnswer | Flushed

_encoder = msgspec.msgpack.Encoder()
to_till = msgspec.msgpack.Decoder(ToTill)
from_till = msgspec.msgpack.Decoder(FromTill)


def frame(message: ToTill | FromTill) -> bytes:
    """One message with its length in front."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Cuts a byte stream into message bodies. Raises ValueError beyond FRAME_BYTES_MAX."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        bodies = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > FRAME_BYTES_MAX:
                raise ValueError(f"a frame of {length} bytes, more than {FRAME_BYTES_MAX}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            bodies.append(bytes(self._buffer[_LENGTH.size : end]))
            del self._buffer[:end]
        return bodies
