"""Pages on which an agreement is written: from a legal basis to a paper that is ready for signatures."""
