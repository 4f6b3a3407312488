"""What gateway and till share: price arithmetic, the journal and its record, their messages.

No Django, no I/O. A change here changes a format on disk or on the socket: raise `WIRE_VERSION`
and say in `docs/decisions/` how an older journal is read.
"""

WIRE_VERSION = 2
