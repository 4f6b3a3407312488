"""What the tests of the ledger share: a ledger in memory, an oracle, random programmes."""
