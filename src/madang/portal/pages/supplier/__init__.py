"""The supplier's desk: products, prices, what is accrued, statements."""
