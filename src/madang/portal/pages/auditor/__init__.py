"""The auditor's desk: trial balance, journals, evidence, the record of events."""
