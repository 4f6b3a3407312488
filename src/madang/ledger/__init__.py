"""The ledger: the only place that knows a balance.

`postings` has every event as a function, `queries` what can be asked, `types` the values that
go in and out; `post` is the only writer. No model is imported here, so that Django can load
the package before its tables.
"""

from madang.ledger.books.postgres import post

__all__ = ["post"]
