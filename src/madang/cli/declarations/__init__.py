"""Declarations: TOML files that say what should be there, applied in one transaction."""
