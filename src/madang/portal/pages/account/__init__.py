"""Signing in, one's own account, tokens and notices."""
