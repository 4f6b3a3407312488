"""What must be true between metering's rows and the ledger: looked at by `ledger verify`."""

from __future__ import annotations

from django.db import connection

from madang.ledger.identities import Identity

# Each query names the first rows that break its identity, one text a row; none is well.
_CHARGES = """
WITH moved AS (
    SELECT j.id, sum(CASE j.kind WHEN 'P8' THEN e.credit ELSE e.debit END) AS supply
      FROM ledger_journal j JOIN ledger_entry e ON e.journal_id = j.id
      JOIN ledger_account a ON a.id = e.account_id
     WHERE j.kind IN ('P8', 'P10') AND a.code IN ('2300S', '2300C') GROUP BY j.id),
named AS (SELECT journal, sum(amount_microwon) AS charged FROM metering_charge GROUP BY journal)
SELECT 'journal ' || coalesce(id, journal) || ' moved ' || coalesce(supply, 0)
       || ', its charges are ' || coalesce(charged, 0)
  FROM moved FULL JOIN named ON id = journal
 WHERE supply IS DISTINCT FROM charged LIMIT 1
"""
_USAGE = """
SELECT 'usage ' || u.no || ' costs ' || u.priced_microwon || ', accounted for are '
       || u.disputed_microwon + u.programme_microwon + coalesce(c.amount_microwon, 0)
  FROM metering_usage u
  LEFT JOIN metering_charge c ON c.usage_id = u.no AND c.kind = 'charge'
 WHERE u.priced_microwon <> u.disputed_microwon + u.programme_microwon
       + coalesce(c.amount_microwon, 0) LIMIT 1
"""
_DISPUTES = """
WITH noted AS (
    SELECT coalesce(sum(e.debit), 0) AS amount FROM ledger_journal j
      JOIN ledger_entry e ON e.journal_id = j.id JOIN ledger_account a ON a.id = e.account_id
     WHERE j.kind = 'P26' AND a.code = 'K300'),
used AS (SELECT coalesce(sum(disputed_microwon), 0) AS amount FROM metering_usage)
SELECT 'disputes noted ' || noted.amount || ', used above the bound ' || used.amount
  FROM noted, used WHERE noted.amount <> used.amount
"""
_STATEMENTS = """
SELECT 'statement line ' || l.no || ' is not what its journal froze'
  FROM metering_statementline l
  LEFT JOIN LATERAL (
      SELECT coalesce(sum(e.credit) FILTER (WHERE a.code = '2310S'), 0) AS subsidy,
             coalesce(sum(e.credit) FILTER (WHERE a.code = '2310C'), 0) AS own
        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
       WHERE e.journal_id = l.journal) frozen ON true
 WHERE frozen.subsidy <> l.subsidy_microwon
    OR frozen.own <> l.own_microwon + l.vat_microwon LIMIT 1
"""
_LEASES = """
SELECT 'lease ' || l.hold || ' is ' || l.state || ', its hold is '
       || coalesce(h.resolution, 'open')
  FROM metering_lease l LEFT JOIN ledger_hold_state h ON h.hold_id = l.hold
 WHERE (l.state = 'resolved') <> (h.resolution IS NOT NULL) OR h.hold_id IS NULL LIMIT 1
"""

IDENTITIES = {
    "15 charges and refunds = the supply that their journals moved": _CHARGES,
    "metering: every use is charged, disputed or borne, to the micro-won": _USAGE,
    "metering: disputes noted = usage above what was held": _DISPUTES,
    "metering: statement lines = what their journals froze": _STATEMENTS,
    "metering: leases are open exactly while their holds are": _LEASES,
}


def identities() -> list[Identity]:
    """Every identity of this room, in order, with the first that breaks it."""
    return [Identity(name, not detail, detail) for name, detail in _details()]


def _details() -> list[tuple[str, str]]:
    found = []
    with connection.cursor() as cursor:
        for name, query in IDENTITIES.items():
            cursor.execute(query)
            row = cursor.fetchone()
            found.append((name, str(row[0]) if row else ""))
    return found
