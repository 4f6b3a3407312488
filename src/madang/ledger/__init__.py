"""The ledger: the only place that knows a balance.

`postings` has every event as a function, `queries` what can be asked, `types` the values that
go in and out. Import those modules by name; this package imports nothing, so that Django can
load it at any time.
"""
