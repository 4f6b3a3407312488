"""Typed reading of one TOML table: every refusal names the field, no key is passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from madang.testbed.errors import SpecMalformed


class Table:
    """One table of a specification. Call `end` last: it refuses what nobody asked for."""

    def __init__(self, name: str, rows: Mapping[str, object]) -> None:
        self.name = name
        self._rows = rows
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        return key in self._rows

    def text(self, key: str, default: str | None = None) -> str:
        found = self._get(key, default)
        if not isinstance(found, str) or len(found) > 1000 or (default is None and not found):
            raise self.wrong(key, "a text of at most 1,000 characters")
        return found

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        found = self.text(key, default)
        if found not in known:
            raise self.wrong(key, f"one of {', '.join(known)}")
        return found

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        found = self._get(key, default)
        if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
            raise self.wrong(key, f"a whole number from {low} to {high}")
        return found

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        found = self._get(key, default)
        good = isinstance(found, int | float) and not isinstance(found, bool)
        if not good or not low <= float(str(found)) <= high:
            raise self.wrong(key, f"a number from {low:g} to {high:g}")
        return float(str(found))

    def words(self, key: str) -> tuple[str, ...]:
        found = self._get(key, None)
        if not isinstance(found, list) or not found or len(found) > 100:
            raise self.wrong(key, "a list of one to 100 texts")
        if not all(isinstance(one, str) for one in found):
            raise self.wrong(key, "a list of one to 100 texts")
        return tuple(found)

    def table(self, key: str) -> Table:
        found = self._get(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, "a table")
        return Table(f"{self.name}.{key}" if self.name else key, found)

    def rest(self) -> dict[str, float]:
        """Every key as a number, for tables whose keys are the maker's own."""
        return {key: self.number(key, -1e30, 1e30) for key in self._rows}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every key as a list of sizes."""
        found = {}
        for key in self._rows:
            value = self._get(key, None)
            good = isinstance(value, list) and all(
                isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= 1 << 24
                for one in value
            )
            if not good or not isinstance(value, list) or len(value) > 8:
                raise self.wrong(key, "a list of at most 8 sizes")
            found[key] = tuple(value)
        return found

    def end(self) -> None:
        for key in self._rows:
            if key not in self._asked:
                raise self.wrong(key, "no such field")

    def wrong(self, key: str, reason: str) -> SpecMalformed:
        field = f"{self.name}.{key}" if self.name else key
        return SpecMalformed(field=field, reason=reason)

    def _get(self, key: str, default: object) -> object:
        self._asked.add(key)
        return self._rows.get(key, default)
