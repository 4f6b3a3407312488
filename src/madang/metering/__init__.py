"""Floor 2: offerings, vouchers, reservations, usage, charges, statements, payouts, the till."""
