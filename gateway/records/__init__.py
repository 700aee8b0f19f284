"""Student data: its tables, who of it is covered by which agreement, how it is loaded, and the one way it is read."""
