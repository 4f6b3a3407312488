"""A content as a file that can be sought in: readers of Parquet take what they need of it."""

from __future__ import annotations

import io

from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content


class ContentFile(io.RawIOBase):
    """Reads ranges out of the store, every chunk of them checked. `taken`: bytes given out."""

    def __init__(self, content: Content) -> None:
        super().__init__()
        self._content, self._at = content, 0
        self.taken = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._content.size_bytes}
        self._at = max(base[whence] + offset, 0)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = max(self._content.size_bytes - self._at, 0)
        count = left if size is None or size < 0 else min(size, left)
        data = b"".join(read_content(self._content, self._at, self._at + count))
        self._at += len(data)
        self.taken += len(data)
        return data


def beginning(content: Content, count: int) -> bytes:
    """The first bytes of a content."""
    return b"".join(read_content(content, 0, count))
