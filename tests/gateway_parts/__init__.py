"""Parts for tests of the gateway: a till that keeps a ledger of its own, a supplier that counts
what it served, and a gateway in a real process between them."""
