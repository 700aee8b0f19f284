"""What stands: the register read in one snapshot, verified, and judged in the order of trust."""
