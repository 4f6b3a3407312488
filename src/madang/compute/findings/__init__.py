"""Findings: what does not agree, and cards that stand idle."""
