"""What the public is told: the register of agreements, as it stands and as this process last read it."""
