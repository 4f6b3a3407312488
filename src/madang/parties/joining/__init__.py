"""Asking to be let in: a firm's person asks, an operator enters both, or declines."""
