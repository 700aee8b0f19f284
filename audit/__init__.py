"""What happened: an append-only log that anyone can check. Imports none of the other rooms."""
