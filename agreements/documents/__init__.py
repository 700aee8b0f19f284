"""The small signed documents beside an agreement: a file a family, with its shape, its value, and how it is read."""
