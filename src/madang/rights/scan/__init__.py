"""Scanning archives: observe, keep the evidence, join with the sites, decide, write tables."""
