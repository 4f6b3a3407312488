"""Everything that can be asked of the ledger."""
