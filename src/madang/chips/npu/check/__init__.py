"""Is my model runnable on that chip: a verdict for every node, before any hardware exists."""
