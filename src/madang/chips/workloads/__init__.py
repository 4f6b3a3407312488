"""Workloads: one graph with exact totals, whatever file a model came from."""
