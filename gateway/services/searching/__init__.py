"""Searching the log for officers: what they ask in their words, what stands in the entries, and what it means."""
