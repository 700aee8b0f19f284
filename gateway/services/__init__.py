"""What the gateway does for a caller: one function an act, one transaction a change."""
