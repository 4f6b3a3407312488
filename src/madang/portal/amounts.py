"""Integer amounts as people read them. Nothing here divides into a float."""

from __future__ import annotations

from madang.core.money import MICRO_PER_WON, won_digits

__all__ = ["percent_text", "won_digits", "won_short", "won_text"]


def won_text(amount_microwon: int, language: str) -> str:
    """With the unit: 1,234.56789원, or ₩1,234.56789 in English."""
    digits = won_digits(amount_microwon)
    if language == "ko":
        return f"{digits}원"
    return f"-₩{digits[1:]}" if digits.startswith("-") else f"₩{digits}"


def won_short(amount_microwon: int, language: str) -> str:
    """For axes and tiles: 85억원, 3.2만원; ₩8.5bn, ₩32k. Cut, never rounded up."""
    scales = _SCALES_KO if language == "ko" else _SCALES_EN
    won = abs(amount_microwon) // MICRO_PER_WON
    for size, suffix in scales:
        if won >= size:
            tenths = won * 10 // size
            whole, tenth = divmod(tenths, 10)
            digits = f"{whole:,}" + (f".{tenth}" if tenth else "")
            sign = "-" if amount_microwon < 0 else ""
            return (
                f"{sign}{digits}{suffix}원" if language == "ko" else f"{sign}₩{digits}{suffix}"
            )
    return won_text(amount_microwon // MICRO_PER_WON * MICRO_PER_WON, language)


_SCALES_KO = ((100_000_000, "억"), (10_000, "만"))
_SCALES_EN = ((1_000_000_000, "bn"), (1_000_000, "m"), (1_000, "k"))


def percent_text(part: int, whole: int) -> str:
    """A share with one decimal, cut."""
    if whole == 0:
        return "0%"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%"
