"""Fetching a data set, without Django. Every block is hashed before it counts."""
