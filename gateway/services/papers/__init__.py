"""Papers: documents that wait for signatures on the pages, and how each kind is brought into force."""
