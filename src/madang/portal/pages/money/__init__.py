"""Pages of what follows an award: execution, cases, the bank, the year's end, invoices."""
