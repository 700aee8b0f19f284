"""What is owed: how each agreement went, destruction and its certificates, holds, the yearly review."""
