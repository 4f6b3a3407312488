"""Attempts: every run of a job on cards, as the engine tells it."""
