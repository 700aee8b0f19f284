"""Fetching the keys that clients publish: never for a stranger, never from inside, never without an entry."""
