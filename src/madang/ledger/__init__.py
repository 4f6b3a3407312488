"""Floor 1: books, accounts, journals, holds; the only room that knows a balance."""
