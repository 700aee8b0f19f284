"""What became of loads: kept for the stewards' pages, and what leads from a held load to its confirmation."""
