"""Comparing the facts in the tables with the log that dated them: what does not hold denies, and alarms (claim 1)."""
