"""A picture small enough for a page."""

from __future__ import annotations

import io

from madang.core.errors import Words
from madang.datahub.errors import PreviewImpossible

IMAGE_BYTES_MAX = 32 * 1024 * 1024
PIXELS_MAX = 64_000_000
EDGE = 320
TOO_MANY_DOTS = Words(f"more than {PIXELS_MAX} dots", f"화소가 {PIXELS_MAX}개를 넘습니다")
NO_PICTURE = Words("no picture that opens", "열 수 있는 그림이 아닙니다")


def thumbnail(path: str, data: bytes) -> bytes:
    """A JPEG of at most 320 dots an edge; nothing of the original's own facts is in it."""
    from PIL import Image  # noqa: PLC0415  heavy, and only for sets with pictures

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > PIXELS_MAX:
                raise PreviewImpossible(file=path, reason=TOO_MANY_DOTS)
            image.draft("RGB", (EDGE, EDGE))
            small = image.convert("RGB")
            small.thumbnail((EDGE, EDGE))
            out = io.BytesIO()
            small.save(out, "JPEG", quality=82)
    except (OSError, EOFError, ValueError, SyntaxError, Image.DecompressionBombError) as err:
        raise PreviewImpossible(file=path, reason=NO_PICTURE) from err
    return out.getvalue()
