"""How staff sign in: OpenID Connect with the identity providers of the district and of its partners."""
