"""The measuring half of the test-bed: specification in, signed report out. No Django here."""
