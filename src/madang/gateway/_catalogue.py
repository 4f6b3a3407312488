"""What the till last said of keys, vouchers and products, and what follows for one call.

A snapshot is applied as a whole. Everything that was worked out from an older one (the cache
of raw header bytes, the routes) is dropped with it, so that a revoked key or a new price
counts from the next call on. Rate windows outlive snapshots.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from madang.core.units import Unit
from madang.gateway._addresses import Target, UpstreamRefused, read_key
from madang.gateway._bounds import Tariff
from madang.gateway._lease import Purse
from madang.gateway._log import log
from madang.gateway._rate import RateBoard, RateWindow
from madang.gateway.errors import (
    KeyRevoked,
    KeyUnknown,
    ModelUnknown,
    OfferingNotCovered,
    UpstreamFailed,
    VoucherExpired,
    VoucherSuspended,
)
from madang.wire.messages import Key, Offering, PriceSet, Snapshot, Voucher

if TYPE_CHECKING:
    from madang.gateway._pool import Pool

BEARER = b"bearer "
NEVER_US = 2**63 - 1


@dataclass(slots=True)
class Route:
    """Everything about calls of one key to one product that does not change between calls."""

    offering: Offering
    price_set: int
    tariff: Tariff
    valid_from_us: int
    valid_until_us: int
    target: Target
    path: bytes
    head: bytes
    upstream_model: msgspec.Raw
    purse: Purse
    pool: Pool | None = None


class Holder:
    """A key with its voucher: who calls."""

    __slots__ = ("key", "rate", "routes", "voucher", "voucher_id")

    def __init__(self, key: Key, voucher: Voucher, rate: RateWindow) -> None:
        self.key = key
        self.voucher = voucher
        self.voucher_id = voucher.id.bytes
        self.rate = rate
        self.routes: dict[str, Route] = {}

    def may_spend(self, now_us: int) -> bool:
        return self.voucher.state == "active" and now_us < self.voucher.expires_at_us


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a snapshot stops: vouchers that no longer may be spent, teams with a lower limit."""

    vouchers: list[UUID]
    teams: list[UUID]


@dataclass(frozen=True, slots=True)
class CatalogueStatistics:
    version: int
    keys: int
    vouchers: int
    offerings: int
    cached_headers: int


class Catalogue:
    """The till's snapshot, ready for calls."""

    def __init__(
        self,
        *,
        secrets_dir: Path,
        purse: Callable[[UUID, UUID, UUID | None], Purse],
        board: RateBoard,
        key_cache_max: int,
    ) -> None:
        self.version = 0
        self.is_complete = False
        self._secrets_dir = secrets_dir
        self._purse = purse
        self._board = board
        self._key_cache_max = key_cache_max
        self._keys: dict[bytes, Key] = {}
        self._vouchers: dict[UUID, Voucher] = {}
        self._offerings: dict[str, Offering] = {}
        self._rates: dict[int, RateWindow] = {}
        self._holders: dict[bytes, Holder] = {}

    def apply(self, snapshot: Snapshot) -> Stopped:
        """Take a snapshot over. Returns whose leases are to go back."""
        lowered = {key.team for key in snapshot.keys if key.team and self._is_lower(key)}
        if snapshot.complete:
            self._keys, self._vouchers, self._offerings = {}, {}, {}
            self.is_complete = True
        self._keys |= {key.sha256: key for key in snapshot.keys}
        self._vouchers |= {voucher.id: voucher for voucher in snapshot.vouchers}
        for offering in snapshot.offerings:
            self._offerings[offering.code] = offering
        self._holders = {}
        self.version = snapshot.version
        unspendable = [one.id for one in snapshot.vouchers if one.state != "active"]
        return Stopped(unspendable, sorted(lowered))

    def _is_lower(self, key: Key) -> bool:
        known = self._keys.get(key.sha256)
        return (
            known is not None
            and known.team == key.team
            and key.team_limit_microwon < known.team_limit_microwon
        )

    # Who calls -----------------------------------------------------------------------

    def holder(self, header: bytes) -> Holder:
        """The key behind the raw bytes of a header. Raises KeyUnknown or KeyRevoked."""
        found = self._holders.get(header)
        if found is None:
            found = self._find(header)
            if len(self._holders) >= self._key_cache_max:
                self._holders = {}
            self._holders[header] = found
        return found

    def _find(self, header: bytes) -> Holder:
        secret = header
        if header[: len(BEARER)].lower() == BEARER:
            secret = header[len(BEARER) :].strip()
        key = self._keys.get(hashlib.sha256(secret).digest()) if secret else None
        if key is None:
            raise KeyUnknown
        voucher = self._vouchers.get(key.voucher)
        if key.revoked or voucher is None:
            raise KeyRevoked
        rate = self._rates.get(key.no)
        if rate is None:
            rate = self._rates[key.no] = RateWindow(key.no, self._board)
        return Holder(key, voucher, rate)

    # What for ------------------------------------------------------------------------

    def check_voucher(self, holder: Holder, now_us: int) -> None:
        """Raises when the voucher may not be spent at this instant."""
        voucher = holder.voucher
        if voucher.state in {"expired", "closed"} or now_us >= voucher.expires_at_us:
            raise VoucherExpired
        if voucher.state != "active":
            raise VoucherSuspended(state=voucher.state)

    def route(self, holder: Holder, model: str, now_us: int) -> Route:
        """The way to a product. Raises ModelUnknown, OfferingNotCovered or UpstreamFailed."""
        known = holder.routes.get(model)
        if known is not None and known.valid_from_us <= now_us < known.valid_until_us:
            return known
        offering = self._offerings.get(model)
        if offering is None or not offering.listed:
            raise ModelUnknown(model=model)
        if not covers(holder.voucher.offerings, model):
            raise OfferingNotCovered(model=model)
        holder.routes[model] = route = self._make(holder, offering, now_us)
        return route

    def _make(self, holder: Holder, offering: Offering, now_us: int) -> Route:
        prices, until_us = price_set_at(offering, holder.voucher.organisation_kind, now_us)
        tariff = _tariff(prices) if prices else None
        if prices is None or tariff is None or offering.context_tokens_max <= 0:
            log("error", "offering.unpriced", offering=str(offering.id))
            raise ModelUnknown(model=offering.code)
        try:
            target = Target.parse(offering.upstream, allow_private=offering.allow_private)
            secret = read_key(offering.upstream_key, self._secrets_dir)
        except UpstreamRefused as err:
            log("error", "offering.upstream.refused", offering=str(offering.id), why=str(err))
            raise UpstreamFailed(reason="its address or key is not set up") from None
        return Route(
            offering=offering,
            price_set=prices.no,
            tariff=tariff,
            valid_from_us=prices.valid_from_us,
            valid_until_us=until_us,
            target=target,
            path=target.path.encode("ascii"),
            head=_head(target, secret),
            upstream_model=msgspec.Raw(msgspec.json.encode(offering.upstream_model)),
            purse=self._purse(holder.voucher.id, offering.supplier, holder.key.team),
        )

    def models(self, holder: Holder) -> list[Offering]:
        """The listed products that a voucher covers, by name."""
        return [
            offering
            for code, offering in sorted(self._offerings.items())
            if offering.listed and covers(holder.voucher.offerings, code)
        ]

    def statistics(self) -> CatalogueStatistics:
        return CatalogueStatistics(
            version=self.version,
            keys=len(self._keys),
            vouchers=len(self._vouchers),
            offerings=len(self._offerings),
            cached_headers=len(self._holders),
        )


def covers(patterns: list[str], code: str) -> bool:
    """Whether a code is named, or falls under a pattern that ends in "*"."""
    return any(
        code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern
        for pattern in patterns
    )


def price_set_at(offering: Offering, kind: str, now_us: int) -> tuple[PriceSet | None, int]:
    """The price set for a kind of organisation at an instant, and until when it holds.

    A set that names the kind goes before one for everybody else.
    """
    valid = [
        one
        for one in offering.price_sets
        if one.valid_from_us <= now_us
        and (not one.valid_until_us or now_us < one.valid_until_us)
    ]
    named = [one for one in valid if kind in one.kinds]
    general = [one for one in valid if not one.kinds]
    chosen = max(named or general, key=lambda one: one.valid_from_us, default=None)
    if chosen is None:
        return None, 0
    later = [one.valid_from_us for one in offering.price_sets if one.valid_from_us > now_us]
    return chosen, min([chosen.valid_until_us or NEVER_US, *later])


def _tariff(prices: PriceSet) -> Tariff | None:
    """None when a unit is unknown or a price is no number."""
    try:
        return Tariff.of({Unit(unit): _price(text) for unit, text in prices.prices.items()})
    except ValueError:
        return None


def _price(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"not a price: {text!r}")
    return int(text)


def _head(target: Target, secret: str) -> bytes:
    """The header lines that every call of this product has in common."""
    lines = [
        f"host: {target.host_header}",
        "content-type: application/json",
        "accept-encoding: identity",
        "user-agent: madang",
    ]
    if secret:
        lines.append(f"authorization: Bearer {secret}")
    return "".join(line + "\r\n" for line in lines).encode("ascii")
