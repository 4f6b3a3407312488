"""Training data: planned, accepted, checked, opened and served."""
