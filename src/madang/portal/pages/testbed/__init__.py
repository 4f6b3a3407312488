"""Pages of the test-bed: the public board."""
