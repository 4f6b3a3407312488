"""Floor 4: calls, applications, awards, agreements, clawback."""
