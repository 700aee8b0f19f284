"""How a district's exports become records: described by mapping files, never by code for one source."""
