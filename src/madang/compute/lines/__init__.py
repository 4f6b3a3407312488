"""Lines: what each attempt cost, posted once, corrected by reversal."""
