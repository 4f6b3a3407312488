"""One module per protocol; each reads bytes into signals by that protocol's own text."""
