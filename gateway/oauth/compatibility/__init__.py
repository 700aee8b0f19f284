"""The compatibility mode: an issuer and an API of their own for programs that know only secrets and bearer tokens."""
