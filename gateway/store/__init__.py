"""PostgreSQL as the gateway uses it: the server, its roles, its connections and the gateway's own tables."""
