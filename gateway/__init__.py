"""The world: HTTP, command line and database; does the work for a caller."""
