"""What the gateway was alarmed about and what is unusual, as cases that people of the district work through."""
