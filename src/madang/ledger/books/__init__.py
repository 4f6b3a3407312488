"""Where journals are kept: PostgreSQL. The tests keep them in memory, too."""
