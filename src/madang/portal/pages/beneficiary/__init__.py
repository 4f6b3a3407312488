"""The beneficiary's desk: applications, agreements, vouchers, keys, calls."""
