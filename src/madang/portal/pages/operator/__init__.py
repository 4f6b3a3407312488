"""The operator's desk: what is due, and every step of a programme."""
