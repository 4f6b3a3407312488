"""Tables written as Parquet whose pages are cut where their content says so.

An edit then changes the pages beside it, and the store keeps the others once.
"""

from __future__ import annotations

import io

import polars as pl
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 100_000


def as_parquet(frame: pl.DataFrame) -> bytes:
    """The same rows always give the same bytes."""
    out = io.BytesIO()
    pq.write_table(
        frame.to_arrow(),
        out,
        row_group_size=ROW_GROUP_ROWS,
        compression="snappy",
        use_content_defined_chunking=True,
    )
    return out.getvalue()
