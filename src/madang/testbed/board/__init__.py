"""The public board: reports that anyone may read, fetch and check."""
