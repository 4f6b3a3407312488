"""Madang (마당): one platform that runs a public AI-support programme end to end."""

__version__ = "0.1.0"
