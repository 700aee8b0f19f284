"""The compatibility mode: clients that know only a secret, and what the district is told of them."""
