"""Where journals are kept: PostgreSQL, or memory."""
